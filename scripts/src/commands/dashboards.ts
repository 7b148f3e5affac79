import { join } from "node:path";
import { colour, result } from "../lib/output.ts";
import { defineVerb } from "../lib/verb.ts";

export default defineVerb({
  meta: {
    name: "dashboards",
    description: "Write Grafana's dashboards from scripts/src/dashboards to monitoring/grafana/dashboards",
    example: ["npm run lab:dashboards"],
  },
  async run() {
    // Only now: Grafana's builders are large, and the list of all verbs loads this file, too.
    const [{ DASHBOARD_FILES }, { writeDashboards }] = await Promise.all([
      import("../dashboards/parts/catalogue.ts"),
      import("../dashboards/parts/write.ts"),
    ]);
    const written = await writeDashboards(DASHBOARD_FILES);
    result(written, ({ files, changed, removed }) =>
      [
        ...changed.map((file) => `wrote    ${join("monitoring", "grafana", "dashboards", file)}`),
        ...removed.map((file) => `removed  ${join("monitoring", "grafana", "dashboards", file)}`),
        `${colour.green("✔")} ${files.length} dashboards are as scripts/src/dashboards says, ${changed.length} changed. A running Grafana shows them within 10 s.`,
      ].join("\n"),
    );
  },
});
