import { type BenchmarkFigure, checkBenchmark, meetsGoal } from "../lab/benchmark.ts";
import { catalogueIds, loadCatalogue, loadEntry } from "../lib/catalogue.ts";
import { colour, result, table } from "../lib/output.ts";
import { steps } from "../lib/progress.ts";
import { defineVerb } from "../lib/verb.ts";

const FOLDER = new URL("../benchmarks/", import.meta.url);

export default defineVerb({
  meta: {
    name: "bench",
    description:
      "Measure the figures this lab claims about itself, each as a ratio measured side by side; restarts a running lab",
    example: ["npm run bench", "npm run bench -- --only shop-overhead --json"],
  },
  args: {
    only: { type: "string", description: "One benchmark, by its file name in scripts/src/benchmarks" },
  },
  async run({ args, signal }) {
    const benchmarks = args.only
      ? new Map([[args.only, await loadEntry(FOLDER, args.only, checkBenchmark, "benchmark")]])
      : await loadCatalogue(FOLDER, checkBenchmark, "benchmark");
    const figures: (BenchmarkFigure & { benchmark: string; ok: boolean })[] = [];
    await steps(
      [...benchmarks].map(([id, benchmark]) => ({
        title: benchmark.summary,
        run: async (step) => {
          for (const figure of await benchmark.run({ say: step.say, signal }))
            figures.push({ ...figure, benchmark: id, ok: meetsGoal(figure) });
        },
      })),
    );
    const ids = await catalogueIds(FOLDER);
    result({ figures, benchmarks: ids }, () =>
      table(
        ["", "figure", "value", "goal", "measured"],
        figures.map((figure) => [
          figure.ok ? colour.green("✔") : colour.red("✖"),
          figure.name,
          `${figure.value.toFixed(2)} ${figure.unit}`,
          "atLeast" in figure.goal ? `≥ ${figure.goal.atLeast}` : `≤ ${figure.goal.atMost}`,
          figure.detail,
        ]),
      ),
    );
    return figures.every(({ ok }) => ok) ? 0 : 1;
  },
});
