import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { nearest } from "../../lib/nearest.ts";
import { paths } from "../../lib/paths.ts";
import { defineExamination, error, type Finding, ok } from "../finding.ts";

export default defineExamination({
  title: "The strategy that nginx starts with",
  run({ settings }) {
    const files = readdirSync(paths.nginxStrategies).filter((file) => file.endsWith(".conf"));
    return settings
      ? strategyFinding(
          settings.strategy,
          files.map((file) => basename(file, ".conf")),
        )
      : [];
  },
});

/** nginx would not start with a name that has no file. */
export function strategyFinding(name: string, known: string[]): Omit<Finding, "id">[] {
  if (known.includes(name)) return [ok(`The strategy ${name} exists.`)];
  const [first, ...others] = nearest(name, known);
  return [
    error(
      `There is no strategy "${name}" in nginx/strategies.`,
      `Set LAB_STRATEGY to ${first}, or to one of: ${others.join(", ")}.`,
    ),
  ];
}
