import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { LabError } from "../lib/errors.ts";
import { nearest } from "../lib/nearest.ts";
import { paths } from "../lib/paths.ts";

/** Strategies by id: the file names in nginx/strategies. A new file is a new strategy. */
export function strategyIds(folder: string = paths.nginxStrategies): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".conf"))
    .map((file) => basename(file, ".conf"))
    .sort();
}

/** The error `strategy.unknown` for a name that has no file, with the names that have one, nearest first. */
export function unknownStrategy(name: string, ids: string[] = strategyIds()): LabError {
  const [first, ...others] = nearest(name, ids);
  return new LabError(`There is no strategy "${name}" in nginx/strategies.`, {
    code: "strategy.unknown",
    hint: first
      ? `Nearest is "${first}"; known are also: ${others.join(", ") || "none"}.`
      : "There is no file in nginx/strategies: restore them with git checkout -- nginx",
  });
}
