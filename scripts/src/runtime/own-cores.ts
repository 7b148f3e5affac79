import { readFile } from "node:fs/promises";
import { command } from "../lib/command.ts";

/**
 * Lets this process, with all its threads, run on these cores only (`0-1`, `1`).
 * @returns what undoes it; null where it cannot be done (another system than Linux, no `taskset`, cores that this
 * process may not use).
 */
export async function pinThisProcess(cores: string): Promise<AsyncDisposable | null> {
  const before = await allowedCores();
  if (before === undefined) return null;
  const undo = { [Symbol.asyncDispose]: async () => void (await tryToPin(before)) };
  if (await tryToPin(cores)) return undo;
  // It may have got some of the threads before it failed.
  await undo[Symbol.asyncDispose]();
  return null;
}

async function allowedCores(): Promise<string | undefined> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  return /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1];
}

async function tryToPin(cores: string): Promise<boolean> {
  const args = ["--all-tasks", "--cpu-list", "--pid", cores, String(process.pid)];
  try {
    await command("taskset", args, { uninterruptible: true, timeoutMs: 5000 });
    return true;
  } catch {
    return false;
  }
}
