import type { Html } from "./html.ts";

/** What differs between the pages of the kinds of evidence. */
export interface PageParts {
  title: string;
  /** False when the samples allow no verdict. */
  measured: boolean;
  pass: boolean;
  headline: string;
  lead: Html;
  /** The picture that says it all. */
  hero: Html;
  /** Sentences of the verdict; null: not judged. */
  findings: { ok: boolean | null; text: string }[];
  /** What the record says the verdict was; it should be what its samples still give. */
  recorded: boolean;
  figures: { value: string; unit: string; wrong?: boolean }[];
  body: Html;
  method: [string, string | Html][];
  /** Whether the body holds plots that a script has to draw. */
  plots: boolean;
}
