import type { ComposeConfig } from "./compose.ts";
import { type LabContainer, labContainers, remove } from "./docker.ts";

/**
 * Removes containers that lack one of their networks, so that Compose creates them anew. An interrupted
 * `up` leaves such ones: the engine attaches a container to its networks one by one, and Compose later looks at
 * the configuration alone and finds nothing amiss. nginx would then answer 502 for ever.
 * @returns their names.
 */
export async function removeHalfAttached(config: ComposeConfig): Promise<string[]> {
  const existing = await labContainers({ all: true });
  const broken = existing.filter((container) => lacksNetwork(container, config));
  for (const { id } of broken) await remove(id);
  return broken.map(({ name }) => name);
}

/** Does Compose's own view of the service name a network that the container is not on? */
export function lacksNetwork(
  { service, networks }: Pick<LabContainer, "service" | "networks">,
  config: ComposeConfig,
): boolean {
  const wanted = Object.keys(config.services[service]?.networks ?? {});
  return wanted.some((key) => !networks.includes(config.networks[key]?.name ?? key));
}
