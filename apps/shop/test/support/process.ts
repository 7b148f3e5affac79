import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { redisUrl } from "./replica.ts";
import { until } from "./until.ts";

export const sourceFolder = join(import.meta.dirname, "../../src");

export interface ShopProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** Everything it wrote to standard output and standard error so far. */
  output(): string;
  /** Exit code, or the signal that ended it. */
  readonly exit: Promise<number | NodeJS.Signals | null>;
}

/** Runs `src/main.ts` as the container does, on a free port, and waits until it listens. */
export async function startProcess(env: Record<string, string>): Promise<ShopProcess> {
  const child = spawn(process.execPath, [join(sourceFolder, "main.ts")], {
    env: {
      PATH: process.env.PATH,
      REDIS_URL: redisUrl,
      PORT: "0",
      INSTANCE_ID: "7",
      KAFKA_BROKERS: "none",
      ...env,
    },
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
  const port = await until("the shop to listen", () => {
    if (child.exitCode !== null) throw new Error(`The shop ended at its start:\n${text}`);
    return /listening port=(\d+)|"port":(\d+)/.exec(text)?.slice(1).find(Boolean);
  });
  return { url: `http://127.0.0.1:${port}`, child, output: () => text, exit };
}
