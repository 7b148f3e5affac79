import { connect } from "./connection.ts";

export interface ContainerUsage {
  /** Bytes without the page cache, as `docker stats` counts. */
  memory: number;
  memoryLimit: number;
  /** Processor time since the container was started. */
  cpuNanoseconds: number;
  /** Unix time in milliseconds of the reading, by the engine's clock. */
  readAt: number;
}

/** What a running container uses, once. */
export async function stats(id: string): Promise<ContainerUsage> {
  const now = await connect().getContainer(id).stats({ stream: false, "one-shot": true });
  const cache = now.memory_stats.stats as
    | { inactive_file?: number; total_inactive_file?: number }
    | undefined;
  const reclaimable = cache?.inactive_file ?? cache?.total_inactive_file ?? 0;
  return {
    memory: Math.max(0, (now.memory_stats.usage ?? 0) - reclaimable),
    memoryLimit: now.memory_stats.limit ?? 0,
    cpuNanoseconds: now.cpu_stats.cpu_usage.total_usage,
    readAt: Date.parse(now.read),
  };
}

export interface EngineInfo {
  version: string;
  apiVersion: string;
  os: string;
  architecture: string;
  /** Memory the engine may use, in bytes. */
  memory: number;
  cpus: number;
  /** Folder with images and volumes, on the engine's machine. */
  root: string;
}

/** Versions and sizes of the engine. @throws when it does not answer. */
export async function engineInfo(): Promise<EngineInfo> {
  const [version, info] = await Promise.all([connect().version(), connect().info()]);
  return {
    version: version.Version,
    apiVersion: version.ApiVersion,
    os: info.OperatingSystem,
    architecture: info.Architecture,
    memory: info.MemTotal,
    cpus: info.NCPU,
    root: info.DockerRootDir,
  };
}

/** Asks the engine for a sign of life. @throws the connection's own error. */
export async function ping(): Promise<void> {
  await connect().ping();
}

/** Networks and volumes of a Compose project, by name. */
export async function projectLeftovers(project: string): Promise<{ networks: string[]; volumes: string[] }> {
  const filters = { label: [`com.docker.compose.project=${project}`] };
  const [networks, volumes] = await Promise.all([
    connect().listNetworks({ filters }),
    connect().listVolumes({ filters: JSON.stringify(filters) as unknown as Record<string, string[]> }),
  ]);
  return {
    networks: networks.map(({ Name }) => Name).sort(),
    volumes: (volumes.Volumes ?? []).map(({ Name }) => Name).sort(),
  };
}

/** Containers that hang on a network, by name. */
export async function attachedTo(network: string): Promise<string[]> {
  const { Containers = {} } = await connect().getNetwork(network).inspect();
  return Object.values(Containers as Record<string, { Name: string }>)
    .map(({ Name }) => Name)
    .sort();
}

/** Removes a network. @throws the engine's error, for instance while containers hang on it. */
export async function removeNetwork(name: string): Promise<void> {
  await connect().getNetwork(name).remove();
}

/** Removes a volume with what is in it. */
export async function removeVolume(name: string): Promise<void> {
  await connect().getVolume(name).remove();
}
