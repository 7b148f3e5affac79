import { readFileSync } from "node:fs";
import { join } from "node:path";
import { paths } from "./paths.ts";

type Scripts = Record<string, string>;

const rootScripts = (): Scripts =>
  (JSON.parse(readFileSync(join(paths.root, "package.json"), "utf8")) as { scripts?: Scripts }).scripts ?? {};

/** What one types for a verb, without the double dash: the package's own script for it, else the general one. */
export function verbCommand(verb: string, scripts: Scripts = rootScripts()): string {
  const [script] =
    Object.entries(scripts).find(([, line]) => line.endsWith(`bootstrap.mjs lab ${verb}`)) ?? [];
  if (!script) return `npm run lab -- ${verb}`;
  return script === "test" ? "npm test" : `npm run ${script}`;
}

/** As {@link verbCommand}, with words behind it: `npm run lab:up -- --help`. */
export function verbLine(verb: string, words: string, scripts?: Scripts): string {
  const command = verbCommand(verb, scripts);
  return command.includes(" -- ") ? `${command} ${words}` : `${command} -- ${words}`;
}
