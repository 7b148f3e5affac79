import { labContainers, publishersOf } from "../docker.ts";
import { defineExamination, error, type Finding, ok } from "../finding.ts";
import { bindProblem, type PortOwner, portOwners } from "../port-owner.ts";

export default defineExamination({
  title: "The door's port",
  async run({ settings, engineAnswers }) {
    if (!settings) return [];
    const { bind, port, project } = settings;
    const own = engineAnswers ? await labContainers({ project }) : [];
    if (own.some(({ published }) => published.some((entry) => entry.port === port)))
      return [ok(`Port ${port} is the lab's own door.`)];
    const publishers = engineAnswers ? await publishersOf(port) : [];
    const problem = await bindProblem(bind, port);
    if (problem === undefined && publishers.length === 0) return [ok(`Port ${port} on ${bind} is free.`)];
    if (problem === "address")
      return [error(`${bind} is not an address of this machine.`, "Set LAB_BIND=127.0.0.1 in .env.")];
    return [
      taken(
        port,
        publishers.map(({ name }) => name),
        await portOwners(port),
        await freeAfter(bind, port),
      ),
    ];
  },
});

/** Names who has the port and which variable moves the lab away from it. */
export function taken(
  port: number,
  containers: string[],
  owners: PortOwner[],
  free: number | undefined,
): Omit<Finding, "id"> {
  // Docker's own proxy process says less than the container behind it.
  const who =
    containers.length > 0
      ? `the container ${containers.join(", ")}`
      : owners.map(({ pid, command }) => `process ${pid} (${command})`).join(", ") ||
        "a process that this user may not see";
  const what = `Port ${port} is taken by ${who}.`;
  const end =
    containers.length > 0
      ? `docker stop ${containers.join(" ")}`
      : owners[0]
        ? `kill ${owners[0].pid}`
        : undefined;
  const move = `set LAB_PORT${free ? `=${free}` : " to a free port"} in .env`;
  return error(what, end ? `Either ${move}, or end it: ${end}` : `To go on, ${move}.`);
}

async function freeAfter(bind: string, port: number): Promise<number | undefined> {
  for (let next = port + 1; next <= Math.min(port + 50, 65535); next++)
    if ((await bindProblem(bind, next)) === undefined) return next;
  return undefined;
}
