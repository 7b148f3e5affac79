import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { LabError, reason } from "../../lib/errors.ts";
import { interrupted } from "../../lib/interrupt.ts";
import { paths } from "../../lib/paths.ts";
import type { Step } from "../../lib/progress.ts";
import { stopWaiting, waitUntil } from "../../lib/wait-until.ts";
import { ping } from "../docker.ts";
import { findProgram, isForbidden, readOr } from "./facts.ts";
import { asRoot } from "./privilege.ts";

const LOG = join(paths.lab, "dockerd.log");
const DEADLINE_MS = 60_000;

/** Pid files of the engine and what must run under the number in them. */
const PID_FILES = [
  { file: "/var/run/docker.pid", program: "dockerd" },
  { file: "/var/run/docker/containerd/containerd.pid", program: "containerd" },
];

/**
 * Starts an installed engine and waits until it answers.
 * @throws LabError `engine.start` with the last lines of the engine's log.
 */
export async function startEngine(how: "systemd" | "process", step: Step): Promise<void> {
  if (how === "systemd") {
    step.say("Starting the Docker engine with systemctl.");
    await asRoot("systemctl", ["start", "docker"], { timeoutMs: DEADLINE_MS });
    return answers(() => undefined);
  }
  for (const { file, program } of PID_FILES) {
    if (!isStale(readOr(file, ""), program)) continue;
    step.say(`Removing ${file}, left by an engine that is gone.`);
    await asRoot("rm", ["-f", file]);
  }
  // Another command, or the machine's own start, may be faster than we are: then only wait.
  if (runs(readOr(PID_FILES[0]?.file ?? "", ""), "dockerd")) return answers(() => undefined);
  step.say(`Starting dockerd in the background; its log is ${LOG}.`);
  const died = launch();
  await answers(died);
}

/** Detached with a session of its own, so that neither Ctrl-C nor the end of the lab's command ends it. */
function launch(): () => LabError | undefined {
  mkdirSync(paths.lab, { recursive: true });
  const log = openSync(LOG, "w");
  const dockerd = findProgram("dockerd") ?? "dockerd";
  const [file, ...args] = process.getuid?.() === 0 ? [dockerd] : ["sudo", "-n", dockerd];
  const child = spawn(file ?? dockerd, args, { detached: true, stdio: ["ignore", log, log], cwd: "/" });
  closeSync(log);
  child.unref();
  let end: string | undefined;
  child.once("error", (error) => {
    end = reason(error);
  });
  child.once("exit", (code, signal) => {
    end = signal ? `it was ended by ${signal}` : `it ended with exit code ${code}`;
  });
  return () => (end === undefined ? undefined : failure(`The Docker engine did not start: ${end}.`));
}

async function answers(died: () => LabError | undefined): Promise<void> {
  try {
    await waitUntil(
      "the Docker engine to answer",
      async () => {
        const error = died();
        if (error) throw stopWaiting(error);
        return await isThere(ping);
      },
      { deadlineMs: DEADLINE_MS, intervalMs: 200, signal: interrupted },
    );
  } catch (error) {
    if (error instanceof LabError && error.code === "wait.deadline") throw failure(error.message);
    throw error;
  }
}

/** True when an engine listens, also when this user may not talk to it: the next look at the facts names that. */
export async function isThere(ask: () => Promise<void>): Promise<true> {
  await ask().catch((error) => {
    if (!isForbidden(error)) throw error;
  });
  return true;
}

function failure(message: string): LabError {
  const lines = readOr(LOG, "").trim().split("\n").slice(-15).join("\n");
  return new LabError(lines ? `${message} Its log ends with:\n${lines}` : message, {
    code: "engine.start",
    hint: `The whole log: ${LOG}; with systemd: journalctl -u docker`,
  });
}

/** True when the pid file names a process that is gone or is another program by now. */
export function isStale(pidFile: string, program: string, proc = "/proc"): boolean {
  return pidFile.trim() !== "" && !runs(pidFile, program, proc);
}

function runs(pidFile: string, program: string, proc = "/proc"): boolean {
  const pid = pidFile.trim();
  if (!/^\d+$/.test(pid) || !existsSync(join(proc, pid))) return false;
  // A killed process that nobody has waited for is still listed, as state Z.
  const state = /^State:\s+(\S)/m.exec(readOr(join(proc, pid, "status"), ""))?.[1];
  return readOr(join(proc, pid, "comm"), "").trim() === program && state !== "Z";
}
