import { headers } from "@evenkeel/contracts";
import { LabError } from "../lib/errors.ts";
import { waitUntil } from "../lib/wait-until.ts";
import { exec, labContainers } from "./docker.ts";
import { baseUrl, type Settings } from "./settings.ts";

const SCRIPT = "/etc/evenkeel/strategy.sh";

/** Strategy that nginx uses now. @throws LabError when nginx does not run. */
export async function activeStrategy(): Promise<string> {
  const answer = await exec((await runningNginx()).id, ["sh", SCRIPT], { timeoutMs: 5000 });
  return answer.stdout.trim();
}

/**
 * Lets a running nginx use another strategy and waits until its new workers answer.
 * nginx checks the configuration first and keeps the old one when the new is wrong; nothing is dropped.
 */
export async function activateStrategy(name: string, settings: Settings): Promise<void> {
  await reloadWith(name);
  await waitUntil(
    `new nginx workers that use ${name}`,
    async () => {
      // A new connection each time: a kept one could still hang on an old worker.
      const response = await fetch(new URL("/nginx-strategy", baseUrl(settings)), {
        headers: { connection: "close" },
      });
      await response.arrayBuffer();
      return response.headers.get(headers.strategy) === name;
    },
    { deadlineMs: 10_000, intervalMs: 50 },
  );
}

/** Brings the running nginx to what is configured, when it uses another strategy. */
export async function ensureStrategy(settings: Settings): Promise<void> {
  if ((await activeStrategy()) !== settings.strategy) await activateStrategy(settings.strategy, settings);
}

/** Starts new workers with the same configuration; the old ones finish what they have begun. */
export async function reloadNginx(): Promise<void> {
  await reloadWith(await activeStrategy());
}

async function reloadWith(strategy: string): Promise<void> {
  const answer = await exec((await runningNginx()).id, ["sh", SCRIPT, strategy], { timeoutMs: 15_000 });
  if (answer.exitCode !== 0)
    throw new LabError(answer.stderr.trim() || `nginx refused the strategy "${strategy}".`, {
      code: "strategy.refused",
      exitCode: 2,
    });
}

async function runningNginx() {
  const [nginx] = await labContainers({ service: "nginx" });
  if (nginx?.state !== "running")
    throw new LabError("nginx does not run, so there is no strategy to read or to change.", {
      code: "nginx.down",
      exitCode: 2,
      hint: "Start the lab with: npm run lab:up",
    });
  return nginx;
}
