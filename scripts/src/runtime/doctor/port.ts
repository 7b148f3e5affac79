import { activeServices } from "../compose.ts";
import { labContainers, publishersOf } from "../docker.ts";
import { defineExamination, error, type Finding, ok } from "../finding.ts";
import { bindProblem, type PortOwner, portOwners } from "../port-owner.ts";
import type { Settings } from "../settings.ts";

interface Door {
  port: number;
  /** What moves it elsewhere. */
  variable: string;
  /** Service behind it. */
  service: string;
}

export default defineExamination({
  title: "The lab's ports",
  async run({ settings, engineAnswers }) {
    if (!settings) return [];
    // Without an engine Compose may be missing, too; then only the door is certain to be wanted.
    const active = engineAnswers ? await activeServices().catch(() => ["nginx"]) : ["nginx"];
    const wanted = doors(settings).filter(({ service }) => active.includes(service));
    const findings = await Promise.all(wanted.map((door) => examine(door, settings, engineAnswers)));
    return findings.flat();
  },
});

/** Everything that the lab publishes. */
const doors = ({ port, ports }: Settings): Door[] => [
  { port, variable: "LAB_PORT", service: "nginx" },
  { port: ports.prometheus, variable: "LAB_PROMETHEUS_PORT", service: "prometheus" },
  { port: ports.grafana, variable: "LAB_GRAFANA_PORT", service: "grafana" },
];

async function examine(
  { port, variable, service }: Door,
  { bind, project }: Settings,
  engineAnswers: boolean,
): Promise<Omit<Finding, "id">[]> {
  const own = engineAnswers ? await labContainers({ project, service }) : [];
  if (own.some(({ published }) => published.some((entry) => entry.port === port)))
    return [ok(`Port ${port} is the lab's own ${service}.`)];
  const publishers = engineAnswers ? await publishersOf(port) : [];
  const problem = await bindProblem(bind, port);
  if (problem === undefined && publishers.length === 0) return [ok(`Port ${port} on ${bind} is free.`)];
  if (problem === "address")
    return [error(`${bind} is not an address of this machine.`, "Set LAB_BIND=127.0.0.1 in .env.")];
  const containers = publishers.map(({ name }) => name);
  return [taken(port, containers, await portOwners(port), await freeAfter(bind, port), variable)];
}

/** Names who has the port and which variable moves the lab away from it. */
export function taken(
  port: number,
  containers: string[],
  owners: PortOwner[],
  free: number | undefined,
  variable = "LAB_PORT",
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
  const move = `set ${variable}${free ? `=${free}` : " to a free port"} in .env`;
  return error(what, end ? `Either ${move}, or end it: ${end}` : `To go on, ${move}.`);
}

async function freeAfter(bind: string, port: number): Promise<number | undefined> {
  for (let next = port + 1; next <= Math.min(port + 50, 65535); next++)
    if ((await bindProblem(bind, next)) === undefined) return next;
  return undefined;
}
