import { type LabContainer, labContainers, projectLeftovers } from "../docker.ts";
import { defineExamination, type Finding, ok, warning } from "../finding.ts";
import { projectName } from "../settings.ts";

export default defineExamination({
  title: "Leftovers of an earlier lab",
  async run({ engineAnswers }) {
    if (!engineAnswers) return [];
    const [containers, { networks }] = await Promise.all([
      labContainers({ all: true }),
      projectLeftovers(projectName()),
    ]);
    return [judgeLeftovers(containers, networks)];
  },
});

export function judgeLeftovers(
  containers: Pick<LabContainer, "name" | "state">[],
  networks: string[],
): Omit<Finding, "id"> {
  const stopped = containers.filter(({ state }) => state !== "running");
  if (stopped.length === 0 && (containers.length > 0 || networks.length === 0))
    return ok(containers.length > 0 ? "The lab runs as a whole." : "Nothing is left of an earlier lab.");
  const what =
    stopped.length > 0
      ? `The lab is half there: ${stopped.map(({ name, state }) => `${name} is ${state}`).join(", ")}.`
      : `Networks of an earlier lab are left: ${networks.join(", ")}.`;
  return warning(what, "npm run lab:up makes it whole; npm run lab:down removes it.");
}
