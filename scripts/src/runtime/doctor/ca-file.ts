import { statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { paths } from "../../lib/paths.ts";
import { defineExamination, error, type Finding, ok } from "../finding.ts";

export default defineExamination({
  title: "The file of a firewall's certificate authority",
  run: ({ env }) => judgeCaFile(env.LAB_CA_FILE),
});

/** A file that is not there would be passed over in silence, and npm inside the build would fail instead. */
export function judgeCaFile(named: string | undefined, root: string = paths.root): Omit<Finding, "id">[] {
  if (!named) return [];
  const file = isAbsolute(named) ? named : join(root, named);
  if (statSync(file, { throwIfNoEntry: false })?.isFile())
    return [ok(`Builds trust the authorities in ${file}.`)];
  return [
    error(
      `LAB_CA_FILE names ${file}, and there is no such file.`,
      "Correct the name in .env or in the environment, or remove it: the system's authorities are then used.",
    ),
  ];
}
