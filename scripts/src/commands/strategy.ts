import { loadStrategies } from "../lab/strategies.ts";
import { colour, result, table } from "../lib/output.ts";
import { paths } from "../lib/paths.ts";
import { defineVerb } from "../lib/verb.ts";
import { recordLabEvent } from "../runtime/lab-events.ts";
import { settings } from "../runtime/settings.ts";
import { activateStrategy, activeStrategy } from "../runtime/strategy.ts";

export default defineVerb({
  meta: {
    name: "strategy",
    description: "Switch how the running nginx picks a replica, without dropping a request; or list the ways",
    example: ["npm run lab:strategy -- least-conn", "npm run lab:strategy"],
  },
  args: {
    name: {
      type: "positional",
      required: false,
      description: "File name in nginx/strategies, without .conf",
    },
  },
  async run({ args }) {
    const before = await activeStrategy();
    const strategies = await loadStrategies(paths.nginxStrategies);
    if (args.name) {
      const at = Date.now();
      await activateStrategy(args.name, settings());
      await recordLabEvent("strategy", `${before} → ${args.name}`, { at });
    }
    const active = args.name ?? before;
    const known = [...strategies.values()].map(({ id, summary }) => ({ id, summary, active: id === active }));
    result({ active, before, strategies: known }, () =>
      args.name
        ? `${colour.green("✔")} nginx now uses ${colour.bold(active)} (before: ${before}), until the next lab:up. ` +
          `To keep it: LAB_STRATEGY=${active} in .env. Does it keep its promise? npm run lab:check`
        : table(
            ["", "strategy", "picks"],
            known.map((one) => [one.active ? "active" : "", one.id, one.summary]),
          ),
    );
  },
});
