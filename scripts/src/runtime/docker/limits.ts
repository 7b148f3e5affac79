import { connect, unlessGone } from "./connection.ts";

/** Processor cores a container may use; null: no limit. */
export async function cpuLimit(id: string): Promise<number | null> {
  const { HostConfig } = await connect().getContainer(id).inspect();
  return HostConfig.NanoCpus ? HostConfig.NanoCpus / 1e9 : null;
}

/** Cores of the engine's machine on which a container may run, as the engine writes them (`0-1`, `1`); "": on all. */
export async function cpuSet(id: string): Promise<string> {
  const { HostConfig } = await connect().getContainer(id).inspect();
  return HostConfig.CpusetCpus ?? "";
}

/**
 * Holds a running container to so many processor cores, at once and without a restart.
 * @returns what undoes it; a container that is gone by then needs no undoing.
 */
export async function limitCpus(id: string, cpus: number): Promise<AsyncDisposable> {
  const before = await cpuLimit(id);
  // The engine takes 0 for "as it is"; all cores there are come to the same as no limit.
  return changed(id, nano(cpus), async () => nano(before ?? (await coreCount())));
}

/**
 * Lets a running container run on these cores only (`0-1`, `1`), at once and without a restart.
 * @returns what undoes it; a container that is gone by then needs no undoing.
 */
export async function pinCpus(id: string, cores: string): Promise<AsyncDisposable> {
  const before = await cpuSet(id);
  // Here "" is "as it is".
  return changed(id, { CpusetCpus: cores }, async () => ({
    CpusetCpus: before || allCores(await coreCount()),
  }));
}

async function changed(id: string, change: object, undo: () => Promise<object>): Promise<AsyncDisposable> {
  const container = connect().getContainer(id);
  await container.update(change);
  return {
    [Symbol.asyncDispose]: async () => unlessGone(container.update(await undo())),
  };
}

const nano = (cpus: number) => ({ NanoCpus: Math.round(cpus * 1e9) });
/** Cores from one number to another, both included, as the engine writes them. */
export const coreRange = (from: number, to: number) => (from === to ? String(from) : `${from}-${to}`);
export const allCores = (count: number) => coreRange(0, count - 1);
const coreCount = async (): Promise<number> => (await connect().info()).NCPU;
