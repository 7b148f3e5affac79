import { LabError } from "../lib/errors.ts";
import { colour, result } from "../lib/output.ts";
import { steps } from "../lib/progress.ts";
import { defineVerb } from "../lib/verb.ts";
import { exec, labContainers } from "../runtime/docker.ts";
import { isHealthy, waitForHealth } from "../runtime/health.ts";
import { scaleReplicas } from "../runtime/lab.ts";
import { settings } from "../runtime/settings.ts";
import { activateStrategy, activeStrategy } from "../runtime/strategy.ts";

const WORKDIR = "/app/apps/shop";

export default defineVerb({
  meta: {
    name: "reset",
    description: "Put stock and orders back to the beginning, replicas and strategy back to what .env says",
    example: "npm run lab:reset",
  },
  async run({ signal }) {
    const wanted = settings();
    let data: unknown;
    await steps([
      {
        title: "Stock and orders",
        run: async () => {
          data = await resetData();
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
          if ((await activeStrategy()) !== wanted.strategy) await activateStrategy(wanted.strategy, wanted);
          step.title(`Strategy: ${wanted.strategy}`);
        },
      },
    ]);
    result(
      { data, replicas: wanted.replicas, strategy: wanted.strategy },
      () =>
        `${colour.green("✔")} The lab is as at the beginning: initial stock, no orders, ${wanted.replicas} replicas, ${wanted.strategy}.`,
    );
  },
});

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
      {
        code: "reset.failed",
      },
    );
  return JSON.parse(done.stdout);
}
