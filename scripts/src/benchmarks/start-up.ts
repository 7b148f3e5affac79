import { defineBenchmark, list } from "../lab/benchmark.ts";
import { command } from "../lib/command.ts";
import { paths } from "../lib/paths.ts";
import { median } from "../lib/statistics.ts";
import { activeServices, compose } from "../runtime/compose.ts";

const REPEATS = 3;
const DOWN = ["--profile", "*", "down"];
/** Alone they need nothing else; the slowest of them is what a complete start cannot beat. */
const SERVICES = ["nginx", "app", "redis", "kafka"];

export default defineBenchmark({
  summary: "lab up with images present, against its slowest service alone (Kafka, where it runs)",
  async run({ say }) {
    // Ends with a lab that is up, as it began; the data stays.
    const whole: number[] = [];
    const active = await activeServices();
    const services = SERVICES.filter((service) => active.includes(service));
    const alone = new Map<string, number[]>(services.map((service) => [service, []]));
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      for (const [service, times] of alone) {
        await compose(DOWN);
        times.push(await timed(() => compose(["up", "-d", "--no-build", "--no-deps", "--wait", service])));
      }
      await compose(DOWN);
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
