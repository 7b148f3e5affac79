import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../../lib/atomic-file.ts";
import { renderAll } from "./catalogue.ts";

export interface Written {
  files: string[];
  changed: string[];
  /** Files of dashboards that no longer exist. */
  removed: string[];
}

/** Brings a folder to exactly what the catalogue says. Grafana may watch it, so no file is ever half written. */
export async function writeDashboards(folder: string): Promise<Written> {
  const wanted = await renderAll();
  const there = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith(".json"));
  const removed = there.filter((file) => !wanted.has(file)).sort();
  const changed: string[] = [];
  for (const [file, json] of wanted) {
    const before = await readFile(join(folder, file), "utf8").catch(() => undefined);
    if (before === json) continue;
    await writeAtomically(join(folder, file), json);
    changed.push(file);
  }
  for (const file of removed) await rm(join(folder, file));
  return { files: [...wanted.keys()], changed, removed };
}
