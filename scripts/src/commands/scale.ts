import { answeringReplicas } from "../lab/answering.ts";
import { LabError } from "../lib/errors.ts";
import { wholeNumber } from "../lib/numbers.ts";
import { colour, result, table } from "../lib/output.ts";
import { steps } from "../lib/progress.ts";
import { defineVerb } from "../lib/verb.ts";
import { labContainers } from "../runtime/docker.ts";
import { waitForReplicas } from "../runtime/door.ts";
import { waitForHealth } from "../runtime/health.ts";
import { scaleReplicas } from "../runtime/lab.ts";
import { settings } from "../runtime/settings.ts";
import { activeStrategy } from "../runtime/strategy.ts";

export default defineVerb({
  meta: {
    name: "scale",
    description: "Change how many replicas run; nginx finds them by itself, without a reload",
    example: ["npm run lab:scale -- 5"],
  },
  args: {
    replicas: { type: "positional", required: true, description: "How many, 1 to 10" },
  },
  async run({ args, signal }) {
    const count = wholeNumber("The number of replicas", args.replicas, 1, 10);
    const configured = settings();
    const before = await labContainers({ service: "app" });
    if (before.length === 0)
      throw new LabError("The lab does not run, so there is nothing to scale.", {
        code: "lab.down",
        hint: `Start it with: npm run lab:up -- --replicas ${count}`,
      });
    const strategy = await activeStrategy();
    await steps([
      {
        title: `Replicas: ${before.length} → ${count}`,
        run: (step) => scaleReplicas(count, configured, step),
      },
      {
        title: "Health",
        run: async (step) => {
          const app = await waitForHealth(signal, step, { service: "app", count });
          const ids = await answeringReplicas(
            strategy,
            app.map(({ ordinal }) => ordinal),
          );
          step.title(`${app.length} replicas are healthy`);
          if (ids.length > 0) await waitForReplicas(configured, ids, signal, step);
        },
      },
    ]);
    const replicas = (await labContainers({ service: "app" })).map(({ name, ordinal, state, health }) => ({
      name,
      ordinal,
      state,
      health,
    }));
    result({ before: before.length, replicas, strategy }, () =>
      [
        table(
          ["replica", "container", "state", "health"],
          replicas.map((one) => [one.ordinal, one.name, one.state, one.health]),
        ),
        `${colour.green("✔")} ${count} replicas answer through the door, until the next lab:up. To keep it: LAB_REPLICAS=${count} in .env.`,
      ].join("\n"),
    );
  },
});
