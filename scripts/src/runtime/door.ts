import { headers } from "@evenkeel/contracts";
import { reason } from "../lib/errors.ts";
import type { Step } from "../lib/progress.ts";
import { waitUntil } from "../lib/wait-until.ts";
import { baseUrl, type Settings } from "./settings.ts";

const DEADLINE_MS = 30_000;

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

/** Waits until a client outside gets a good answer. @throws LabError `wait.deadline`. */
export async function waitForDoor(settings: Settings, signal: AbortSignal): Promise<void> {
  const url = baseUrl(settings).href;
  await waitUntil(
    `an answer at ${url}health`,
    async () => {
      const { status } = await askDoor(settings).catch((error) => {
        throw new Error(reason((error as Error).cause ?? error));
      });
      if (status !== 200) throw new Error(`it answered with status ${status}`);
      return true;
    },
    { deadlineMs: DEADLINE_MS, intervalMs: 50, signal },
  );
}

/** Waits until each of these replicas has answered through the door. @throws LabError `wait.deadline`. */
export async function waitForReplicas(
  settings: Settings,
  ids: string[],
  signal: AbortSignal,
  step?: Step,
): Promise<void> {
  const missing = new Set(ids);
  await waitUntil(
    `answers of replicas ${ids.join(", ")} through the door`,
    async () => {
      const { replica } = await askDoor(settings);
      missing.delete(replica ?? "");
      step?.progress(`${ids.length - missing.size} of ${ids.length} replicas have answered`);
      return missing.size === 0;
    },
    { deadlineMs: DEADLINE_MS, intervalMs: 25, signal },
  );
}
