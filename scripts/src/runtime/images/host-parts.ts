import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeFile, npmFolder } from "./host-programs.ts";

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
  {
    name: "node",
    source: () => nodeFile().file,
    version: async () => `v${nodeFile().version} ${process.arch}`,
  },
  { name: "npm", source: npmFolder, version: () => readFile(join(npmFolder(), "package.json"), "utf8") },
];

const usedBy = (dockerfile: string) =>
  PARTS.filter(({ name }) => new RegExp(`^COPY (--\\S+ )*${name} `, "m").test(dockerfile));

/** Versions of the parts that a recipe copies; part of what its image depends on. */
export async function hostPartVersions(dockerfile: string): Promise<string> {
  return (await Promise.all(usedBy(dockerfile).map(({ version }) => version()))).join("\n");
}

/** Puts the parts that a recipe copies into its build context. */
export async function copyHostParts(dockerfile: string, context: string): Promise<void> {
  for (const { name, source } of usedBy(dockerfile))
    await cp(source(), join(context, name), { recursive: true, dereference: true });
}
