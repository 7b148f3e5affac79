import { readFileSync } from "node:fs";
import { LabError } from "../../lib/errors.ts";
import { edits, nearest } from "../../lib/nearest.ts";
import { paths } from "../../lib/paths.ts";
import { defineExamination, error, type Finding, ok, warning } from "../finding.ts";
import { parseSettings } from "../settings.ts";

export default defineExamination({
  title: "The settings in .env and the environment",
  run({ env }) {
    const known = knobsIn(readFileSync(paths.envExample, "utf8"));
    const findings = [...wrongValues(env), ...unknownNames(Object.keys(env), known)];
    return findings.length > 0 ? findings : [ok("The settings are well-formed.")];
  },
});

/** Every name that .env.example sets or offers in a comment. */
export function knobsIn(example: string): string[] {
  return [...example.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name ?? "");
}

export function wrongValues(env: Record<string, string>): Omit<Finding, "id">[] {
  try {
    parseSettings(env);
    return [];
  } catch (cause) {
    if (!(cause instanceof LabError)) throw cause;
    return [error(cause.message, cause.hint ?? "")];
  }
}

/** A mistyped name would otherwise be ignored in silence. */
export function unknownNames(names: string[], known: string[]): Omit<Finding, "id">[] {
  // The lab itself writes these (runtime/images/choices.ts).
  const words = [...known, "LAB_IMAGES", "LAB_WITHOUT"];
  return names
    .filter((name) => name.startsWith("LAB_") && !words.includes(name))
    .map((name) => {
      const [near = ""] = nearest(name, known);
      const meant = edits(name, near) <= 3 ? `Did you mean ${near}? ` : "";
      return warning(`Nothing reads the setting ${name}.`, `${meant}.env.example lists all of them.`);
    });
}
