import { scaleLab } from "../lab/scale.ts";
import { wholeNumber } from "../lib/numbers.ts";
import { colour, result, table } from "../lib/output.ts";
import { MOST_REPLICAS } from "../lib/replicas.ts";
import { defineVerb } from "../lib/verb.ts";
import { recordLabEvent } from "../runtime/lab-events.ts";
import { settings } from "../runtime/settings.ts";

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
    const count = wholeNumber("The number of replicas", args.replicas, 1, MOST_REPLICAS);
    const at = Date.now();
    const scaled = await scaleLab(count, settings(), signal);
    await recordLabEvent("scale", `${scaled.before} → ${count}`, { at, replicas: count });
    result(scaled, ({ replicas }) =>
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
