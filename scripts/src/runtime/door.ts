import { headers } from "@evenkeel/contracts";
import { LabError, reason } from "../lib/errors.ts";
import type { Step } from "../lib/progress.ts";
import { waitUntil } from "../lib/wait-until.ts";
import { baseUrl, mergedEnv, parseSettings, type Settings } from "./settings.ts";
import { reloadNginx } from "./strategy.ts";

const DEADLINE_MS = 30_000;
/** Longer than nginx takes to see a change of Docker's DNS (about 2 s). */
const FORGIVEN_MS = 3000;

/** One answer of the door to `GET /health`. @throws when it does not answer. */
export async function askDoor(settings: Settings): Promise<{ status: number; replica: string | undefined }> {
  // A new connection each time, as another client would have.
  const response = await fetch(new URL("/health", baseUrl(settings)), {
    headers: { connection: "close" },
    signal: AbortSignal.timeout(3000),
  });
  await response.arrayBuffer();
  return { status: response.status, replica: response.headers.get(headers.instanceId) ?? undefined };
}

/**
 * The error `lab.down` for anything that was thrown because nothing listens at the door, however deep that is
 * wrapped (fetch, a client's own error); undefined for everything else, and for what explains itself already.
 */
export function doorClosed(thrown: unknown, url?: URL): LabError | undefined {
  if (thrown instanceof LabError) return undefined;
  for (let error: unknown = thrown; error instanceof Error; error = error.cause) {
    const { code, port } = error as NodeJS.ErrnoException & { port?: number };
    const nested = error instanceof AggregateError ? error.errors[0] : undefined;
    const refused = code === "ECONNREFUSED" ? (port ?? nested?.port) : undefined;
    if (refused === undefined) continue;
    const door = url ?? configuredDoor();
    if (!door || refused !== Number(door.port || 80)) continue;
    return new LabError(`Nothing listens at ${door.origin}, so the lab does not run.`, {
      code: "lab.down",
      hint: "Start it with: npm run lab:up",
      cause: thrown,
    });
  }
  return undefined;
}

function configuredDoor(): URL | undefined {
  try {
    return baseUrl(parseSettings(mergedEnv()));
  } catch {
    // Wrong settings lead nowhere, so nothing that was refused can be their door.
    return undefined;
  }
}

/** Waits until a client outside gets a good answer. @throws LabError `wait.deadline`. */
export async function waitForDoor(settings: Settings, signal: AbortSignal, step?: Step): Promise<void> {
  await patiently(`an answer at ${baseUrl(settings).href}health`, signal, step, async () => {
    const { status } = await asked(settings);
    if (status !== 200) throw new Error(`it answered with status ${status}`);
    return true;
  });
}

/** Waits until each of these replicas has answered through the door. @throws LabError `wait.deadline`. */
export async function waitForReplicas(
  settings: Settings,
  ids: string[],
  signal: AbortSignal,
  step?: Step,
): Promise<void> {
  const missing = new Set(ids);
  await patiently(`answers of replicas ${ids.join(", ")} through the door`, signal, step, async () => {
    const { replica } = await asked(settings);
    missing.delete(replica ?? "");
    step?.progress(`${ids.length - missing.size} of ${ids.length} replicas have answered`);
    return missing.size === 0;
  });
}

/**
 * Docker's DNS names a replica before it listens. Asked three times within that second, it rests for 30 s
 * (`fail_timeout`), although it is healthy by now. A graceful reload makes nginx forget that and drops nothing.
 */
async function patiently(
  what: string,
  signal: AbortSignal,
  step: Step | undefined,
  probe: () => Promise<boolean>,
): Promise<void> {
  const often = { intervalMs: 25, signal };
  try {
    return void (await waitUntil(what, probe, { ...often, deadlineMs: FORGIVEN_MS }));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof LabError)) throw error;
  }
  step?.say("nginx lets a replica rest that it asked before it listened; a reload makes it forget.");
  await reloadNginx();
  await waitUntil(what, probe, { ...often, deadlineMs: DEADLINE_MS });
}

async function asked(settings: Settings): ReturnType<typeof askDoor> {
  try {
    return await askDoor(settings);
  } catch (error) {
    throw new Error(reason((error as Error).cause ?? error));
  }
}
