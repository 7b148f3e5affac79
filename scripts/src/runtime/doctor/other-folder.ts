import { realpath } from "node:fs/promises";
import { paths } from "../../lib/paths.ts";
import { labContainers } from "../docker.ts";
import { defineExamination, error, type Finding } from "../finding.ts";
import { projectName } from "../settings.ts";

export default defineExamination({
  title: "Another lab of the same name",
  async run({ engineAnswers }) {
    if (!engineAnswers) return [];
    const project = projectName();
    const folders = (await labContainers({ all: true, project })).map(({ workingDir }) => workingDir);
    const real = (folder: string) => realpath(folder).catch(() => folder);
    const own = await real(paths.root);
    return judgeFolders(project, own, await Promise.all([...new Set(folders)].map(real)));
  },
});

/** Two checkouts that share a project name would recreate each other's containers. */
export function judgeFolders(project: string, own: string, folders: string[]): Omit<Finding, "id">[] {
  const others = folders.filter((folder) => folder !== "" && folder !== own);
  return others.map((folder) =>
    error(
      `A lab of the same name "${project}" was started from another folder, ${folder}.`,
      `Stop that one first: cd ${folder} && npm run lab:down`,
    ),
  );
}
