import { LabError } from "../lib/errors.ts";
import { interrupted } from "../lib/interrupt.ts";
import type { Step } from "../lib/progress.ts";
import { stopWaiting, waitUntil } from "../lib/wait-until.ts";
import { activeServices, type ComposeOptions, compose, composeConfig } from "./compose.ts";
import { labContainers, remove, unpause } from "./docker.ts";
import { removeHalfAttached } from "./half-attached.ts";
import { releaseHeld } from "./held.ts";
import type { Settings } from "./settings.ts";

/** Environment with which Compose gets what was given on the command line. */
export function composeEnv(settings: Settings): Record<string, string> {
  return { LAB_REPLICAS: String(settings.replicas), LAB_STRATEGY: settings.strategy };
}

/** Time for everything, also when Compose has to pull an image that a user named. */
const START_MS = 300_000;
/** Time in which another command of the lab is done with the same containers. */
const COLLISION_MS = 60_000;
/** Compose gets the time that is left; this much more, so that it is it which ends, and never a wait around it. */
const GRACE_MS = 30_000;

const COLLISION =
  /container name .* already in use|already exists|No such container|is already in progress|marked for removal/i;

/** True of what Compose says when another `up` or `down` works on the same containers; a moment later it succeeds. */
export const collides = (message: string): boolean => COLLISION.test(message);

/** Creates what is missing and recreates what differs; leaves the rest alone. */
export async function startContainers(settings: Settings, step: Step): Promise<void> {
  // Compose refuses to work on a paused container.
  for (const { id, state } of await labContainers({ all: true })) if (state === "paused") await unpause(id);
  await repair(settings, step);
  await removeInactive(step);
  const start = performance.now();
  const passed = () => performance.now() - start;
  await waitUntil(
    "Docker Compose to start the containers",
    () =>
      compose(["up", "--detach", "--no-build", "--remove-orphans", "--timeout", "15"], {
        env: composeEnv(settings),
        onLine: (line) => step.progress(line.trim()),
        failure: "The containers could not be started.",
        timeoutMs: Math.max(1, START_MS - passed()),
      }).catch((error) => {
        const again = error instanceof LabError && collides(error.message) && passed() < COLLISION_MS;
        if (error instanceof LabError && !again) throw stopWaiting(error);
        throw error;
      }),
    { deadlineMs: START_MS + GRACE_MS, intervalMs: 1000, signal: interrupted },
  );
}

/** Mends what interrupted commands have left and Compose does not notice. */
async function repair(settings: Settings, step: Step): Promise<void> {
  if ((await labContainers({ all: true })).length === 0) return;
  const config = await composeConfig(composeEnv(settings));
  const broken = await removeHalfAttached(config);
  if (broken.length > 0)
    step.say(`Removed what an interrupted command had left without a network: ${broken.join(", ")}.`);
  const released = await releaseHeld(config);
  if (released.length > 0)
    step.say(
      `Gave back the share of the processor that an interrupted command had kept: ${released.join(", ")}.`,
    );
}

/** Compose leaves the containers of a profile alone that is not wanted any more. */
async function removeInactive(step: Step): Promise<void> {
  const active = await activeServices();
  const rest = (await labContainers({ all: true })).filter(({ service }) => !active.includes(service));
  const running = rest.filter(({ state }) => state === "running");
  // Compose knows the order: the orders app before Kafka.
  if (running.length > 0)
    await compose(["--profile", "*", "stop", ...new Set(running.map(({ service }) => service))]);
  for (const { id } of rest) await remove(id);
  if (rest.length > 0)
    step.say(`Removed what is not wanted any more: ${rest.map(({ name }) => name).join(", ")}.`);
}

/** Changes the number of replicas only. */
export async function scaleReplicas(
  count: number,
  settings: Settings,
  step: Step,
  options: Pick<ComposeOptions, "uninterruptible"> = {},
): Promise<void> {
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
    ...options,
    env: composeEnv({ ...settings, replicas: count }),
    onLine: (line) => step.progress(line.trim()),
    failure: `The shop could not be scaled to ${count} replicas.`,
  });
}
