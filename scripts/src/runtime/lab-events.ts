import { chmod, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { writeAtomically } from "../lib/atomic-file.ts";
import { reason } from "../lib/errors.ts";
import { type EventKind, exposition, type LabMetrics, parseExposition, withEvent } from "../lib/lab-event.ts";
import { note } from "../lib/output.ts";
import { paths } from "../lib/paths.ts";

/** node-exporter runs as somebody else in its container: it must be able to list the folder and to read the file. */
const FOLDER_MODE = 0o755;
const FILE_MODE = 0o644;

export interface EventOptions {
  /** When it began, in milliseconds since 1970; now when not given. */
  at?: number;
  /** How many replicas there should be from now on; unchanged when not given. */
  replicas?: number;
  file?: string;
}

/**
 * Marks what was just done to the lab, so that dashboards can show it. Never fails: a mark that could not be made is
 * one line on standard error and no reason for the verb to be called a failure.
 * @param detail A few words, "2 → 4".
 */
export function recordLabEvent(kind: EventKind, detail: string, options: EventOptions = {}): Promise<void> {
  const { at = Date.now(), replicas } = options;
  return change(options.file, (metrics) => ({
    ...withEvent(metrics, kind, detail, at / 1000),
    replicasWanted: replicas ?? metrics.replicasWanted,
  }));
}

/** As {@link recordLabEvent} when nothing happened that deserves a mark. */
export function recordReplicasWanted(replicas: number, file?: string): Promise<void> {
  return change(file, (metrics) => ({ ...metrics, replicasWanted: replicas }));
}

/** Tells Prometheus that replicas are away on purpose, so that nobody is alarmed; with false, that they are back. */
export function recordComparing(comparing: boolean, file?: string): Promise<void> {
  return change(file, (metrics) => ({ ...metrics, comparing }));
}

async function change(file = paths.labMetrics, next: (metrics: LabMetrics) => LabMetrics): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    // Whatever the user's umask made of it. It may belong to somebody else, who then has to care for its mode.
    await chmod(dirname(file), FOLDER_MODE).catch(() => undefined);
    const before = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    await writeAtomically(file, exposition(next(parseExposition(before))), FILE_MODE);
  } catch (error) {
    note(`The dashboards will not show what was done just now: ${reason(error)}.`);
  }
}
