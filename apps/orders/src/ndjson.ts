import { once } from "node:events";

/** Writes objects to standard output, one line of JSON each; resolves when it may be given more. */
export async function writeLines(lines: readonly object[]): Promise<void> {
  if (lines.length === 0) return;
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  if (!process.stdout.write(text)) await once(process.stdout, "drain");
}

/** Ends the program with one sentence on standard error, and its causes. */
export function fail(error: unknown): void {
  const sentences: string[] = [];
  for (let one = error; one !== undefined; one = one instanceof Error ? one.cause : undefined) {
    sentences.push(one instanceof Error ? one.message : String(one));
  }
  process.stderr.write(`${sentences.join(" Cause: ")}\n`);
  process.exitCode = 1;
}
