import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { brokers, redisUrl } from "./servers.ts";
import { until } from "./until.ts";

const sourceFolder = join(import.meta.dirname, "../../src");
/** A machine that is busy with other things starts Node slowly. */
const START_MS = 30_000;
const environment = () => ({
  PATH: process.env.PATH,
  KAFKA_BROKERS: brokers.join(","),
  REDIS_URL: redisUrl,
});

export interface OrdersProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Everything it wrote to standard output and standard error so far. */
  output(): string;
  /** Exit code, or the signal that ended it. */
  readonly exit: Promise<number | NodeJS.Signals | null>;
  /** As {@link until}; when it waits in vain, the error shows what this process said. */
  until(what: string, condition: () => boolean | Promise<boolean>, deadlineMs: number): Promise<void>;
}

/** Runs `src/main.ts` as the container does, on a free port, and waits until it listens. */
export async function startProcess(env: Record<string, string>): Promise<OrdersProcess> {
  const child = spawn(process.execPath, [join(sourceFolder, "main.ts")], {
    env: { ...environment(), PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
  }
  const exit = once(child, "exit").then(([code, signal]) => code ?? signal);
  const listening = () => {
    if (child.exitCode !== null) throw new Error(`The instance ended at its start:\n${text}`);
    return /listening port=(\d+)/.exec(text)?.[1];
  };
  const port = await until("the instance to listen", listening, START_MS);
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    output: () => text,
    exit,
    until: async (what, condition, deadlineMs) => {
      await until(what, condition, deadlineMs).catch((error: Error) => {
        throw new Error(`${error.message} The process said:\n${text}`, { cause: error });
      });
    },
  };
}

export interface Ended {
  readonly code: number;
  readonly lines: string[];
  readonly stderr: string;
}

/** Runs one of the app's other programs to its end. */
export function run(program: string, args: readonly string[], env: Record<string, string> = {}) {
  const options = {
    env: { ...environment(), ...env },
    maxBuffer: 64 * 1024 * 1024,
  };
  return new Promise<Ended>((resolve) => {
    execFile(process.execPath, [join(sourceFolder, program), ...args], options, (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : error ? -1 : 0;
      resolve({ code, lines: stdout.split("\n").filter(Boolean), stderr });
    });
  });
}
