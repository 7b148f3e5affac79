import { headers } from "@evenkeel/contracts";
import { LabError, reason } from "../lib/errors.ts";
import type { Step } from "../lib/progress.ts";
import { MOST_REPLICAS } from "../lib/replicas.ts";
import { waitUntil } from "../lib/wait-until.ts";
import type { LabContainer } from "./docker.ts";
import { baseUrl, mergedEnv, parseSettings, type Settings } from "./settings.ts";
import { reloadNginx } from "./strategy.ts";

const DEADLINE_MS = 30_000;
/** Longer than nginx takes to see a change of Docker's DNS (about 2 s). */
const FORGIVEN_MS = 3000;
/** On which nginx listens inside its container. */
const DOOR_PORT = 8000;

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

/** An answer that took longer waited for a replica that is gone: below `proxy_connect_timeout`, which is 500 ms. */
const PROMPT_MS = 400;

/**
 * Waits until these replicas and no others answer, each in its turn and at once: nginx knows all of them and asks
 * none that is away. For strategies that give every replica a turn.
 * @throws LabError `wait.deadline`.
 */
export async function waitForPool(settings: Settings, ids: string[], signal: AbortSignal): Promise<void> {
  await patiently(
    `answers of replicas ${ids.join(", ")} alone through the door`,
    signal,
    undefined,
    async () => {
      const seen = new Set<string>();
      // Twice as many turns as there can be replicas, so that one that is away would have had its turn, too.
      for (let turn = 0; turn < 2 * MOST_REPLICAS; turn++) {
        const start = performance.now();
        const { replica = "" } = await asked(settings);
        if (!ids.includes(replica) || performance.now() - start > PROMPT_MS) return false;
        seen.add(replica);
      }
      return seen.size === ids.length;
    },
  );
}

/** The way to nginx, and whether it leads straight to its container, which then shares this machine's kernel. */
export interface NearestDoor {
  url: URL;
  direct: boolean;
}

/**
 * The door from the shortest way: nginx's own address on the lab's network where this machine can reach it (Linux),
 * else where it is published. In between stands a process of Docker's that copies every byte, for a third of a core
 * at 6,000 requests per second.
 */
export async function nearestDoor(nginx: LabContainer, settings: Settings): Promise<NearestDoor> {
  for (const address of nginx.addresses) {
    const url = new URL(`http://${address}:${DOOR_PORT}`);
    const reached = await fetch(new URL("/health", url), { signal: AbortSignal.timeout(500) }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.headers.has(headers.instanceId);
      },
      () => false,
    );
    if (reached) return { url, direct: true };
  }
  return { url: doorOf(nginx, settings), direct: false };
}

/** The address nginx is really published at: `.env` may have changed since it was started. */
export function doorOf(nginx: LabContainer, settings: Settings): URL {
  const port = nginx.published[0]?.port ?? settings.port;
  return baseUrl({ ...settings, port });
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
