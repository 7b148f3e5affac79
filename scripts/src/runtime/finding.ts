import { colour } from "../lib/output.ts";
import type { EngineCase, EngineFacts } from "./engine/decide.ts";
import type { Settings } from "./settings.ts";

export type Severity = "ok" | "warning" | "error";

/** What doctor found in one place, and what to do about it. */
export interface Finding {
  /** The examination's file name. */
  id: string;
  severity: Severity;
  /** One sentence. */
  what: string;
  /** What to type or to change; absent when all is well. */
  fix?: string;
}

export interface DoctorContext {
  /** `.env` and the environment, unchecked. */
  env: Record<string, string>;
  /** Undefined when a setting is wrong, which is a finding of its own; what depends on settings is then skipped. */
  settings: Settings | undefined;
  facts: EngineFacts;
  next: EngineCase;
  /** The engine answers, so that containers and images can be looked at. */
  engineAnswers: boolean;
}

export interface Examination {
  /** What is looked at, for `--help` and the reader of the file. */
  title: string;
  run: (context: DoctorContext) => Promise<Omit<Finding, "id">[]> | Omit<Finding, "id">[];
}

/** Describes an examination; a file `runtime/doctor/<name>.ts` exports it as its default. */
export function defineExamination(examination: Examination): Examination {
  return examination;
}

export const ok = (what: string): Omit<Finding, "id"> => ({ severity: "ok", what });
export const warning = (what: string, fix: string): Omit<Finding, "id"> => ({
  severity: "warning",
  what,
  fix,
});
export const error = (what: string, fix: string): Omit<Finding, "id"> => ({ severity: "error", what, fix });

/** A finding for people, with its fix below it. */
export function findingLine({ severity, what, fix }: Finding): string {
  const mark = { ok: colour.green("✔"), warning: colour.yellow("!"), error: colour.red("✖") }[severity];
  return `${mark} ${what}${fix ? `\n  ${colour.bold("→")} ${fix}` : ""}`;
}
