import type { ComposeConfig } from "./compose.ts";
import {
  allCores,
  cpuLimit,
  cpuSet,
  engineInfo,
  type LabContainer,
  labContainers,
  limitCpus,
  pinCpus,
} from "./docker.ts";

/** Services that commands hold to less of the processor for a while. */
const HELD = ["app", "nginx"];

/**
 * Gives running containers the share of the processor back that docker-compose.yml says. A comparison that was killed
 * leaves them held to less, and Compose finds nothing amiss: it looks at the configuration alone.
 * @returns their names.
 */
export async function releaseHeld({ services }: ComposeConfig): Promise<string[]> {
  const found = (await labContainers()).filter(({ service }) => HELD.includes(service));
  const { cpus: cores } = await engineInfo();
  const released: string[] = [];
  for (const container of found)
    if (await release(container, services[container.service]?.cpus, cores)) released.push(container.name);
  return released;
}

async function release(
  { id }: LabContainer,
  cpus: number | string | undefined,
  cores: number,
): Promise<boolean> {
  const hold = { limit: await cpuLimit(id), set: await cpuSet(id) };
  if (!isHeld(hold, cpus, cores)) return false;
  await limitCpus(id, wantedCores(cpus, cores));
  if (hold.set !== "") await pinCpus(id, allCores(cores));
  return true;
}

/** What the engine holds a container to: so many cores, and which of them ("": any). */
export interface Hold {
  limit: number | null;
  set: string;
}

/**
 * Is a container held otherwise than its service asks for? A limit of all cores that there are is the same as none.
 * @param cpus Of its service in docker-compose.yml.
 */
export function isHeld({ limit, set }: Hold, cpus: number | string | undefined, cores: number): boolean {
  return (set !== "" && set !== allCores(cores)) || (limit ?? cores) !== wantedCores(cpus, cores);
}

const wantedCores = (cpus: number | string | undefined, cores: number) => Number(cpus ?? 0) || cores;
