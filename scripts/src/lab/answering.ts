import { paths } from "../lib/paths.ts";
import type { Step } from "../lib/progress.ts";
import type { LabContainer } from "../runtime/docker.ts";
import { waitForReplicas } from "../runtime/door.ts";
import type { Settings } from "../runtime/settings.ts";
import { loadStrategies } from "./strategies.ts";

/**
 * Waits until each replica that a client must meet sooner or later under this strategy has answered through the
 * door. One good answer is not enough: a replica that nginx lets rest would be missing for half a minute.
 * @throws LabError `wait.deadline`.
 */
export async function waitUntilAllAnswer(
  replicas: LabContainer[],
  strategy: string,
  settings: Settings,
  signal: AbortSignal,
  step: Step,
): Promise<void> {
  const ids = await answeringReplicas(
    strategy,
    replicas.map(({ ordinal }) => ordinal),
  );
  if (ids.length > 0) await waitForReplicas(settings, ids, signal, step);
}

/** By instance number; none for strategies that keep one client with one replica. */
async function answeringReplicas(strategy: string, running: number[]): Promise<string[]> {
  const expect = (await loadStrategies(paths.nginxStrategies)).get(strategy)?.expect;
  const ids = running.map(String);
  if (expect?.model === "even") return ids;
  return expect?.model === "weights" ? ids.filter((id) => expect.weights[id] !== undefined) : [];
}
