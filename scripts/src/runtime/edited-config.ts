import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { paths } from "../lib/paths.ts";
import { inspect, kill, labContainers } from "./docker.ts";
import { reloadNginx } from "./strategy.ts";

/** Services that read a folder of this checkout, and how each is told to read it again. */
const READERS = [
  { service: "nginx", folder: "nginx", reload: () => reloadNginx() },
  { service: "prometheus", folder: "monitoring", reload: (id: string) => kill(id, "SIGHUP") },
  { service: "alertmanager", folder: "monitoring", reload: (id: string) => kill(id, "SIGHUP") },
];

/**
 * Lets running services read their configuration again where a file was edited (or pulled) after their start:
 * Compose compares what it passes to a container, not the files behind a mount.
 * @returns the services that were told.
 * @throws LabError when nginx refuses what it finds; it then goes on with what it had.
 */
export async function reloadEdited(): Promise<string[]> {
  const told: string[] = [];
  for (const { service, folder, reload } of READERS) {
    const [container] = await labContainers({ service });
    if (container?.state !== "running") continue;
    const { startedAt } = await inspect(container.id);
    if ((await newestChange(join(paths.root, folder))) <= startedAt) continue;
    await reload(container.id);
    told.push(service);
  }
  return told;
}

/** Unix time in milliseconds of the last change below a folder, but for what the lab itself writes there. */
export async function newestChange(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.endsWith(".prom"));
  const times = files.map(async (file) => (await stat(join(file.parentPath, file.name))).mtimeMs);
  return Math.max(0, ...(await Promise.all(times)));
}
