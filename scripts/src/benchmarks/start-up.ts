import { defineBenchmark, list } from "../lab/benchmark.ts";
import { command } from "../lib/command.ts";
import { paths } from "../lib/paths.ts";
import { median } from "../lib/statistics.ts";
import { compose } from "../runtime/compose.ts";

const REPEATS = 3;
const SERVICES = ["nginx", "app", "redis"];

export default defineBenchmark({
  summary: "lab up with images present, against its slowest service alone",
  async run({ say }) {
    // Ends with a lab that is up, as it began; the data stays.
    const whole: number[] = [];
    const alone = new Map<string, number[]>(SERVICES.map((service) => [service, []]));
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      for (const [service, times] of alone) {
        await compose(["down"]);
        times.push(await timed(() => compose(["up", "-d", "--no-build", "--no-deps", "--wait", service])));
      }
      await compose(["down"]);
      whole.push(
        await timed(() =>
          command(process.execPath, ["scripts/src/cli.ts", "up", "--json"], { cwd: paths.root }),
        ),
      );
    }
    const [slowest = "", times = []] = [...alone].sort(([, a], [, b]) => median(b) - median(a))[0] ?? [];
    say(`lab up ${list(whole, 1)} s; ${slowest} alone ${list(times, 1)} s`);
    return [
      {
        name: `lab up / ${slowest} alone`,
        value: median(whole) / median(times),
        unit: "ratio",
        goal: { atMost: 1.5 },
        detail: `medians of ${REPEATS}: ${median(whole).toFixed(1)} s and ${median(times).toFixed(1)} s; ${[...alone].map(([name, values]) => `${name} ${median(values).toFixed(1)} s`).join(", ")}`,
      },
    ];
  },
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
