import { LabError } from "../lib/errors.ts";
import type { StepTask } from "../lib/progress.ts";
import { exec, labContainers } from "../runtime/docker.ts";
import { isHealthy, waitForHealth } from "../runtime/health.ts";
import { scaleReplicas } from "../runtime/lab.ts";
import type { Settings } from "../runtime/settings.ts";
import { ensureStrategy } from "../runtime/strategy.ts";

const WORKDIR = "/app/apps/shop";

/** What `reset` leaves behind for its report. */
export interface ResetReport {
  /** What the shop says about its data now. */
  data: unknown;
}

/**
 * The steps back to the beginning: initial stock, no orders, configured replicas and strategy.
 * @throws LabError `lab.down` when no replica is healthy; `reset.failed`.
 */
export function resetLab(wanted: Settings, signal: AbortSignal, report: ResetReport): StepTask[] {
  return [
    {
      title: "Stock and orders",
      run: async () => {
        report.data = await resetData();
      },
    },
    {
      title: "Replicas",
      run: async (step) => {
        const running = (await labContainers({ service: "app" })).length;
        if (running !== wanted.replicas) await scaleReplicas(wanted.replicas, wanted, step);
        await waitForHealth(signal, step, { service: "app", count: wanted.replicas });
        step.title(`Replicas: ${wanted.replicas}`);
      },
    },
    {
      title: "Strategy",
      run: async (step) => {
        await ensureStrategy(wanted);
        step.title(`Strategy: ${wanted.strategy}`);
      },
    },
  ];
}

/** Asks one replica's own code to do it; the others learn of it as of any change. */
async function resetData(): Promise<unknown> {
  const replica = (await labContainers({ service: "app" })).find(isHealthy);
  if (!replica)
    throw new LabError("No healthy replica runs, so nothing can be reset.", {
      code: "lab.down",
      hint: "Start the lab with: npm run lab:up",
    });
  const done = await exec(replica.id, ["node", "src/reset.ts"], { timeoutMs: 20_000, workdir: WORKDIR });
  if (done.exitCode !== 0)
    throw new LabError(
      `${replica.name} could not reset the data: ${done.stderr.trim() || done.stdout.trim()}`,
      { code: "reset.failed" },
    );
  return JSON.parse(done.stdout);
}
