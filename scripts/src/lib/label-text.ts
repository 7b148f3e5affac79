const ESCAPES = { "\\": "\\\\", '"': '\\"', "\n": "\\n" } as const;

/** Text as it stands between the quotes of a label in Prometheus' text format. */
export const escapeLabel = (text: string): string =>
  text.replace(/[\\"\n]/g, (one) => ESCAPES[one as keyof typeof ESCAPES]);

/** What {@link escapeLabel} was given. */
export const unescapeLabel = (text: string): string =>
  text.replace(/\\(.)/g, (_, one: string) => (one === "n" ? "\n" : one));
