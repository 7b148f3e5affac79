import { cp, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { LabError } from "../../lib/errors.ts";
import { findProgram } from "../engine/facts.ts";

interface HostPart {
  /** Word after `COPY` in a recipe. */
  name: string;
  /** File or folder on this machine. */
  source: () => string;
  /** Changes when the part does. */
  version: () => Promise<string>;
}

/** What recipes take from this machine because no Debian package fits. */
const PARTS: HostPart[] = [
  { name: "node", source: () => process.execPath, version: async () => `${process.version} ${process.arch}` },
  { name: "npm", source: npmFolder, version: () => readFile(join(npmFolder(), "package.json"), "utf8") },
];

const usedBy = (dockerfile: string) =>
  PARTS.filter(({ name }) => new RegExp(`^COPY ${name} `, "m").test(dockerfile));

/** Versions of the parts that a recipe copies; part of what its image depends on. */
export async function hostPartVersions(dockerfile: string): Promise<string> {
  return (await Promise.all(usedBy(dockerfile).map(({ version }) => version()))).join("\n");
}

/** Puts the parts that a recipe copies into its build context. */
export async function copyHostParts(dockerfile: string, context: string): Promise<void> {
  for (const { name, source } of usedBy(dockerfile))
    await cp(source(), join(context, name), { recursive: true, dereference: true });
}

/** The npm that runs this command (npm tells its scripts), else the one on the PATH. */
function npmFolder(): string {
  const cli = process.env.npm_execpath;
  if (cli && basename(cli) === "npm-cli.js") return dirname(dirname(cli));
  const program = findProgram("npm");
  if (program) return join(dirname(dirname(program)), "lib", "node_modules", "npm");
  throw new LabError("npm was not found on this machine; the recipe of the Node image copies it.", {
    code: "image.no-npm",
    hint: "Start the lab with npm: npm run lab:up",
  });
}
