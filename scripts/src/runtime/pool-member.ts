import { LabError } from "../lib/errors.ts";
import { detach, type LabContainer } from "./docker.ts";

/** The network on which nginx finds replicas, as docker-compose.yml calls it. */
const NETWORK = "middle";

/**
 * Takes a running replica out of every balancer's sight, and out of Prometheus': their network does not know it any
 * more. It stays warm, and in touch with its database, Redis and Kafka.
 * @returns what brings it back.
 * @throws LabError `pool.detached` when it is out of sight already.
 */
export function takeFromPool({ id, name, networks }: LabContainer): Promise<AsyncDisposable> {
  const network = networks.find((one) => one.endsWith(`_${NETWORK}`));
  if (network) return detach(id, network);
  throw new LabError(`${name} is not on the network "${NETWORK}", so no balancer can find it.`, {
    code: "pool.detached",
    hint: "An interrupted command left it so. Repair it with: npm run lab:up",
  });
}
