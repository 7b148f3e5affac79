import { type ResetReport, resetLab } from "../lab/reset.ts";
import { colour, result } from "../lib/output.ts";
import { steps } from "../lib/progress.ts";
import { defineVerb } from "../lib/verb.ts";
import { recordLabEvent } from "../runtime/lab-events.ts";
import { settings } from "../runtime/settings.ts";

export default defineVerb({
  meta: {
    name: "reset",
    description: "Put stock and orders back to the beginning, replicas and strategy back to what .env says",
    example: "npm run lab:reset",
  },
  async run({ signal }) {
    const wanted = settings();
    const { replicas, strategy } = wanted;
    const report: ResetReport = { data: null };
    const at = Date.now();
    await steps(resetLab(wanted, signal, report));
    await recordLabEvent("reset", `stock and orders, ${replicas} replicas, ${strategy}`, { at, replicas });
    result(
      { data: report.data, replicas, strategy },
      () =>
        `${colour.green("✔")} The lab is as at the beginning: initial stock, no orders, ${replicas} replicas, ${strategy}.`,
    );
  },
});
