import { join } from "node:path";
import { execa } from "execa";
import { defineBenchmark, list, sideBySide } from "../lab/benchmark.ts";
import { LabError } from "../lib/errors.ts";
import { paths } from "../lib/paths.ts";
import { median } from "../lib/statistics.ts";
import { waitUntil } from "../lib/wait-until.ts";
import { freePort } from "../runtime/free-port.ts";
import { openLoop } from "../runtime/load/open-loop.ts";
import { ensureWrk, runWrk } from "../runtime/wrk.ts";

const PAIRS = 7;
const SECONDS = 3;
/** Of both; wrk has one request on each all the time, ours opens them as needed up to this number. */
const CONNECTIONS = 20;
/** Our rate as a share of what wrk just reached, so that neither waits for the server. */
const SHARE = 0.6;

/**
 * Processor time per request of our open-loop generator against wrk, on the same server in its own process, in turn.
 * wrk is a closed loop and sends as fast as it can, which is its cheapest way: each look at its sockets finds several
 * answers. Ours keeps to a schedule, reads headers for replica and strategy, fills histograms per second, kind
 * and replica, and puts an id into each request; wrk's request is always the same. Counted is what each used from
 * its first request on: wrk's whole process (user and system), all threads of ours, its timers' among them.
 */
export default defineBenchmark({
  summary: "The load generator against wrk: processor time per request",
  async run({ say, signal }) {
    const missing = await ensureWrk();
    if (missing) {
      say(`Skipped: ${missing}`);
      return [];
    }
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const server = execa(
      process.execPath,
      [join(paths.root, "scripts/src/benchmarks/servers/fast-http.ts")],
      {
        env: { PORT: String(port) },
        stdio: ["ignore", "ignore", "inherit"],
        reject: false,
      },
    );
    try {
      await waitUntil(`an answer at ${url}`, async () => (await fetch(url)).ok, {
        deadlineMs: 15_000,
        intervalMs: 50,
      });
      const { requests } = await runWrk(url, CONNECTIONS, SECONDS);
      const rate = Math.round((requests / SECONDS) * SHARE);
      const costs = await sideBySide(
        PAIRS,
        () => ours(url, rate, signal),
        async () => {
          const run = await runWrk(url, CONNECTIONS, SECONDS);
          return (run.seconds / run.requests) * 1e6;
        },
      );
      say(`ours ${list(costs.a, 1)}; wrk ${list(costs.b, 1)} µs per request`);
      return [
        {
          name: "our generator / wrk, processor time per request",
          value: median(costs.ratios),
          unit: "ratio",
          goal: { atMost: 2 },
          detail: `median of ${PAIRS} pairs at ${list([rate])} requests/s; medians ${list([median(costs.a), median(costs.b)], 1)} µs per request`,
        },
      ];
    } finally {
      server.kill("SIGKILL");
      await server;
    }
  },
});

/** Microseconds of processor time per request. */
async function ours(url: string, rate: number, signal: AbortSignal): Promise<number> {
  const { sent, ok, processor } = await openLoop({
    url,
    rate,
    durationSeconds: SECONDS,
    arrivals: "constant",
    seed: 1,
    workers: 1,
    connections: "keep-alive",
    maxConnections: CONNECTIONS,
    mix: [{ kind: "GET /", weight: 1, method: "GET", path: "/" }],
    runId: "bench",
    signal,
  });
  signal.throwIfAborted();
  if (ok !== sent)
    throw new LabError(`${sent - ok} of ${sent} requests failed, so their cost says nothing.`, {
      code: "load.failed",
    });
  return (processor.seconds / sent) * 1e6;
}
