import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { command } from "../lib/command.ts";
import { aptInstall, aptUpdate } from "./engine/apt.ts";
import { mayInstall } from "./settings.ts";

const onPath = (name: string) =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => folder && existsSync(join(folder, name)));

/**
 * Makes sure that there is a `wrk`, the load generator that ours is compared with; from the Debian package of that
 * name where this machine may install one.
 * @returns null, or a sentence that says why there is none.
 */
export async function ensureWrk(): Promise<string | null> {
  if (onPath("wrk")) return null;
  if (!existsSync("/usr/bin/apt-get") || process.getuid?.() !== 0)
    return "There is no wrk on this machine; install it with the system's package manager.";
  if (!mayInstall()) return "There is no wrk on this machine, and LAB_INSTALL=no forbids to install it.";
  try {
    await aptUpdate();
    await aptInstall(["wrk"]);
    return null;
  } catch {
    return "There is no wrk on this machine, and its package could not be installed.";
  }
}

export interface WrkRun {
  requests: number;
  /** Processor time, user and system, of wrk and nothing else. */
  seconds: number;
}

/** Runs wrk with one thread and reads what it used from bash's own `time`. */
export async function runWrk(url: string, connections: number, seconds: number): Promise<WrkRun> {
  const script = `TIMEFORMAT='processor %U %S'; time wrk -t1 -c"$1" -d"$2"s "$3"`;
  const lines: string[] = [];
  await command("bash", ["-c", script, "bash", String(connections), String(seconds), url], {
    env: { LC_ALL: "C" },
    onLine: (line) => lines.push(line),
    failure: "wrk could not be measured.",
  });
  return readWrk(lines.join("\n"));
}

/** What wrk and `time` printed. @throws Error when requests failed, because those cost less. */
export function readWrk(text: string): WrkRun {
  const requests = Number(/(\d+) requests in/.exec(text)?.[1]);
  const [, user, system] = /processor ([\d.]+) ([\d.]+)/.exec(text) ?? [];
  if (!(requests > 0) || user === undefined || system === undefined)
    throw new Error(`wrk said nothing that can be read: ${text}`);
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`wrk met errors: ${text}`);
  return { requests, seconds: Number(user) + Number(system) };
}
