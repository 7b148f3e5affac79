import { LabError } from "../lib/errors.ts";
import { interrupted } from "../lib/interrupt.ts";
import type { Step } from "../lib/progress.ts";
import { stopWaiting, waitUntil } from "../lib/wait-until.ts";
import { compose } from "./compose.ts";
import { labContainers, projectLeftovers, remove, removeNetwork, removeVolume, unpause } from "./docker.ts";
import { projectName, type Settings } from "./settings.ts";

/** Environment with which Compose gets what was given on the command line. */
export function composeEnv(settings: Settings): Record<string, string> {
  return { LAB_REPLICAS: String(settings.replicas), LAB_STRATEGY: settings.strategy };
}

/** What Compose says when another `up` or `down` works on the same containers; a moment later it succeeds. */
const COLLISION =
  /already in use|already exists|No such container|is already in progress|marked for removal/i;

/** Creates what is missing and recreates what differs; leaves the rest alone. */
export async function startContainers(settings: Settings, step: Step): Promise<void> {
  // Compose refuses to work on a paused container.
  for (const { id, state } of await labContainers({ all: true })) if (state === "paused") await unpause(id);
  await waitUntil(
    "Docker Compose to start the containers",
    () =>
      compose(["up", "--detach", "--no-build", "--remove-orphans", "--timeout", "15"], {
        env: composeEnv(settings),
        onLine: (line) => step.progress(line.trim()),
        failure: "The containers could not be started.",
      }).catch((error) => {
        if (error instanceof LabError && !COLLISION.test(error.message)) throw stopWaiting(error);
        throw error;
      }),
    { deadlineMs: 120_000, intervalMs: 1000, signal: interrupted },
  );
}

/** Changes the number of replicas only. */
export async function scaleReplicas(count: number, settings: Settings, step: Step): Promise<void> {
  const args = [
    "up",
    "--detach",
    "--no-build",
    "--no-recreate",
    "--no-deps",
    "--scale",
    `app=${count}`,
    "app",
  ];
  await compose(args, {
    env: composeEnv({ ...settings, replicas: count }),
    onLine: (line) => step.progress(line.trim()),
    failure: `The shop could not be scaled to ${count} replicas.`,
  });
}

export interface Removed {
  containers: string[];
  networks: string[];
  volumes: string[];
}

/**
 * Removes everything of the project that carries its label. Compose does it first, because it stops containers
 * in order and with grace; whatever it leaves, or cannot read, is removed one by one.
 */
export async function removeLab(options: { volumes: boolean }, step: Step): Promise<Removed> {
  const project = projectName();
  const before = await everything(project);
  const wanted = options.volumes ? before : { ...before, volumes: [] };
  if (Object.values(wanted).every((names) => names.length === 0)) return wanted;
  try {
    const volumes = options.volumes ? ["--volumes"] : [];
    await compose(["down", "--remove-orphans", "--timeout", "15", ...volumes], {
      onLine: (line) => step.progress(line.trim()),
    });
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    step.say("Compose could not do it; removing container by container instead.");
  }
  for (const container of await labContainers({ all: true, project })) await remove(container.id);
  const rest = await projectLeftovers(project);
  for (const name of rest.networks) await removeNetwork(name);
  if (options.volumes) for (const name of rest.volumes) await removeVolume(name);
  return wanted;
}

async function everything(project: string): Promise<Removed> {
  const [containers, rest] = await Promise.all([
    labContainers({ all: true, project }),
    projectLeftovers(project),
  ]);
  return { containers: containers.map(({ name }) => name), ...rest };
}
