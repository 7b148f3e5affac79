import { paths } from "../lib/paths.ts";
import { loadStrategies } from "./strategies.ts";

/**
 * Replicas that a client must meet sooner or later under a strategy, by instance number. None for strategies
 * that keep one client with one replica.
 */
export async function answeringReplicas(strategy: string, running: number[]): Promise<string[]> {
  const expect = (await loadStrategies(paths.nginxStrategies)).get(strategy)?.expect;
  const ids = running.map(String);
  if (expect?.model === "even") return ids;
  return expect?.model === "weights" ? ids.filter((id) => expect.weights[id] !== undefined) : [];
}
