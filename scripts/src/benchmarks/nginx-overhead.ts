import { defineBenchmark, list, sideBySide } from "../lab/benchmark.ts";
import { LabError } from "../lib/errors.ts";
import { median } from "../lib/statistics.ts";
import { flawlessRate } from "../runtime/closed-loop.ts";
import { compose } from "../runtime/compose.ts";
import { type LabContainer, labContainers } from "../runtime/docker.ts";
import { waitForHealth } from "../runtime/health.ts";
import { openLoop } from "../runtime/load/open-loop.ts";

/** The replica's share of a core, for both ways: small enough that the replica is the limit, not this machine. */
const CPUS = "0.3";
const PAIRS = 5;

export default defineBenchmark({
  summary: "One capped replica, through nginx and directly",
  async run({ say, signal }) {
    const only = async (cpus: string, replicas: number) => {
      const env = { LAB_APP_CPUS: cpus, LAB_REPLICAS: String(replicas) };
      await compose(["up", "-d", "--no-build", "--scale", `app=${replicas}`, "app"], { env });
      await waitForHealth(signal);
    };
    try {
      await only(CPUS, 1);
      const direct = await address("app");
      const nginx = await address("nginx");
      const full = (url: string) =>
        flawlessRate({
          url,
          amount: 3000,
          connections: 20,
          runId: "bench",
          plan: () => ({ path: "/products", key: "" }),
        });
      await sideBySide(
        1,
        () => full(nginx),
        () => full(direct),
      );
      const rates = await sideBySide(
        PAIRS,
        () => full(nginx),
        () => full(direct),
      );
      say(`nginx ${list(rates.a)}; direct ${list(rates.b)} requests/s`);
      const half = median(rates.b) / 2;
      const p50 = (url: string) => () => medianAt(url, half, signal);
      const times = await sideBySide(PAIRS, p50(nginx), p50(direct));
      const added = median(times.a.map((value, i) => value - (times.b[i] ?? 0)));
      return [
        {
          name: "nginx / direct, requests per second",
          value: median(rates.ratios),
          unit: "ratio",
          goal: { atLeast: 0.85 },
          detail: `median of ${PAIRS} pairs, replica capped at ${CPUS} cores; medians ${list([median(rates.a), median(rates.b)])} requests/s`,
        },
        {
          name: "p50 that nginx adds at half load",
          value: added,
          unit: "ms",
          goal: { atMost: 1 },
          detail: `at ${list([half])} requests/s: ${list(times.a, 2)} ms through nginx, ${list(times.b, 2)} ms direct`,
        },
      ];
    } finally {
      // Back to what .env says, also after Ctrl-C.
      await compose(["up", "-d", "--no-build"], { uninterruptible: true });
    }
  },
});

/** Milliseconds at a steady rate, in which every single answer must be good. */
async function medianAt(url: string, rate: number, signal: AbortSignal): Promise<number> {
  const { ok, scheduled, latency } = await openLoop({
    url,
    rate,
    durationSeconds: 4,
    arrivals: "constant",
    seed: 1,
    connections: "keep-alive",
    mix: [{ kind: "GET /products", weight: 1, method: "GET", path: "/products" }],
    runId: "bench",
    signal,
  });
  signal.throwIfAborted();
  if (ok !== scheduled)
    throw new LabError(`${(scheduled ?? 0) - ok} of ${scheduled} requests to ${url} failed.`, {
      code: "load.failed",
    });
  return latency.p50;
}

/** Both ways by container address, so that the engine's port forwarding is in neither. */
async function address(service: string): Promise<string> {
  const containers: LabContainer[] = await labContainers({ service });
  const [found] = containers[0]?.addresses ?? [];
  if (!found)
    throw new LabError(`There is no running ${service} container to measure.`, {
      code: "lab.down",
      hint: "Start the lab with: npm run lab:up",
    });
  return `http://${found}:8000`;
}
