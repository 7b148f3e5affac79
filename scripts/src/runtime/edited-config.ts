import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { note } from "../lib/output.ts";
import { paths } from "../lib/paths.ts";
import { waitUntil } from "../lib/wait-until.ts";
import { inspect, kill, labContainers } from "./docker.ts";
import { prometheusAt } from "./prometheus.ts";
import { settings } from "./settings.ts";
import { reloadNginx } from "./strategy.ts";
import { prometheusUrl } from "./urls.ts";

interface Reader {
  service: string;
  folder: string;
  /** Told to read its files again; rejects or says no when it refuses them. */
  reload: (containerId: string) => Promise<boolean>;
}

/** Services that read a folder of this checkout, and how each is told to read it again. */
const READERS: Reader[] = [
  { service: "nginx", folder: "nginx", reload: () => reloadNginx().then(() => true) },
  { service: "prometheus", folder: "monitoring", reload: reloadPrometheus },
  { service: "alertmanager", folder: "monitoring", reload: (id) => kill(id, "SIGHUP").then(() => true) },
];

/**
 * Lets running services read their configuration again where a file was edited (or pulled) after their start:
 * Compose compares what it passes to a container, not the files behind a mount.
 * @returns the services that took it over.
 * @throws LabError when nginx refuses what it finds; it then goes on with what it had.
 */
export async function reloadEdited(): Promise<string[]> {
  const told: string[] = [];
  for (const { service, folder, reload } of READERS) {
    const [container] = await labContainers({ service });
    if (container?.state !== "running") continue;
    const record = join(paths.lab, `reloaded-${service}`);
    const { startedAt } = await inspect(container.id);
    const readAt = Math.max(startedAt, await changedAt(record));
    if ((await newestChange(join(paths.root, folder))) <= readAt) continue;
    if (await reload(container.id)) told.push(service);
    else
      note(
        `${service} refused the edited files in ${folder}/ and goes on with what it had: npm run lab:logs -- ${service}`,
      );
    await mkdir(paths.lab, { recursive: true });
    await writeFile(record, "");
  }
  return told;
}

/** Prometheus says nothing to whoever sends the signal; its own figures tell. */
async function reloadPrometheus(id: string): Promise<boolean> {
  const prometheus = prometheusAt(prometheusUrl(settings()));
  const figure = async (name: string) => Number((await prometheus.query(name))[0]?.value ?? 0);
  const stamp = "prometheus_config_last_reload_success_timestamp_seconds";
  const sentAt = Date.now() / 1000;
  await kill(id, "SIGHUP");
  return waitUntil("Prometheus to read its files", async () => (await figure(stamp)) >= sentAt - 1, {
    // It scrapes itself every five seconds.
    deadlineMs: 8000,
    intervalMs: 500,
  }).catch(() => false);
}

/** Unix time in milliseconds of the last change below a folder, but for what the lab itself writes there. */
export async function newestChange(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.endsWith("textfile"));
  return Math.max(
    0,
    ...(await Promise.all(files.map((file) => changedAt(join(file.parentPath, file.name))))),
  );
}

/** 0 where there is no such file, also when it went away a moment ago. */
async function changedAt(file: string): Promise<number> {
  return (await stat(file).catch(() => ({ mtimeMs: 0 }))).mtimeMs;
}
