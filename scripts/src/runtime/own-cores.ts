import { readFile } from "node:fs/promises";
import { command } from "../lib/command.ts";

/**
 * Lets this process, with all its threads, run on these cores only (`0-1`, `1`). Does nothing where that cannot be
 * done (another system than Linux, no `taskset`, cores that this process may not use).
 * @returns what undoes it.
 */
export async function pinThisProcess(cores: string): Promise<AsyncDisposable> {
  const before = await allowedCores();
  const pinned = before !== undefined && (await tryToPin(cores));
  return {
    async [Symbol.asyncDispose]() {
      if (pinned) await tryToPin(before);
    },
  };
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
