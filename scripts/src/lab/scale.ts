import { LabError } from "../lib/errors.ts";
import { type Step, steps } from "../lib/progress.ts";
import { type LabContainer, labContainers } from "../runtime/docker.ts";
import { waitForHealth } from "../runtime/health.ts";
import { scaleReplicas } from "../runtime/lab.ts";
import type { Settings } from "../runtime/settings.ts";
import { activeStrategy } from "../runtime/strategy.ts";
import { waitUntilAllAnswer } from "./answering.ts";

export interface Scaled {
  /** How many replicas there were. */
  before: number;
  replicas: Pick<LabContainer, "name" | "ordinal" | "state" | "health">[];
  strategy: string;
}

/**
 * Brings the lab to so many replicas and waits until each of them answers.
 * @returns them.
 */
export async function bringReplicasTo(
  count: number,
  settings: Settings,
  signal: AbortSignal,
  step: Step,
): Promise<LabContainer[]> {
  await scaleReplicas(count, settings, step);
  const app = await waitForHealth(signal, step, { service: "app", count });
  await waitUntilAllAnswer(app, await activeStrategy(), settings, signal, step);
  return app;
}

/**
 * Changes how many replicas run and waits until each of them answers through the door, as far as the strategy
 * lets one client meet it.
 * @throws LabError `lab.down` when there is nothing to scale.
 */
export async function scaleLab(count: number, settings: Settings, signal: AbortSignal): Promise<Scaled> {
  const before = (await labContainers({ service: "app" })).length;
  if (before === 0)
    throw new LabError("The lab does not run, so there is nothing to scale.", {
      code: "lab.down",
      hint: `Start it with: npm run lab:up -- --replicas ${count}`,
    });
  const strategy = await activeStrategy();
  await steps([
    { title: `Replicas: ${before} → ${count}`, run: (step) => scaleReplicas(count, settings, step) },
    {
      title: "Health",
      run: async (step) => {
        const app = await waitForHealth(signal, step, { service: "app", count });
        step.title(`${app.length} replicas are healthy`);
        await waitUntilAllAnswer(app, strategy, settings, signal, step);
      },
    },
  ]);
  const after = await labContainers({ service: "app" });
  const replicas = after.map(({ name, ordinal, state, health }) => ({ name, ordinal, state, health }));
  return { before, replicas, strategy };
}
