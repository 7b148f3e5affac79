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
/** Of both. */
const CONNECTIONS = 20;
/** Our rate by wrk's: so much more that a request waits at each connection, as in a closed loop. */
const PRESSED = 1.3;
/** And so much less that nothing waits, as in a real measurement. */
const RELAXED = 0.6;

/**
 * Processor time per request of our open-loop generator against wrk: the same server in its own process, the same
 * connections, the same number of requests, in turn. wrk is a closed loop that sends as fast as it can; ours gets a
 * rate a little beyond the server's limit, so that both keep all connections busy all the time. (At a lower rate each
 * request wakes a sleeping server, and the kernel books that on whoever sends; what ours takes then stands
 * beside the figure.) Ours also reads replica and strategy from each answer, fills histograms per second, kind and
 * replica, and puts an id into each request; wrk's request is always the same. Counted is what each used from
 * its first request on: wrk's whole process (user and system), all threads of ours, the main one among them.
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
      const limit = requests / SECONDS;
      const costs = await sideBySide(
        PAIRS,
        () => ours(url, limit * PRESSED, requests, signal),
        async () => {
          const run = await runWrk(url, CONNECTIONS, SECONDS);
          return (run.seconds / run.requests) * 1e6;
        },
      );
      const relaxed = await ours(url, limit * RELAXED, requests * RELAXED, signal);
      say(`ours ${list(costs.a, 1)}; wrk ${list(costs.b, 1)} µs per request`);
      return [
        {
          name: "our generator / wrk, processor time per request",
          value: median(costs.ratios),
          unit: "ratio",
          goal: { atMost: 2 },
          detail: `median of ${PAIRS} pairs of ${list([requests])} requests; medians ${list([median(costs.a), median(costs.b)], 1)} µs per request; ours at ${list([limit * RELAXED])} requests/s ${list([relaxed], 1)} µs`,
        },
      ];
    } finally {
      server.kill("SIGKILL");
      await server;
    }
  },
});

/** Microseconds of processor time per request. */
async function ours(url: string, rate: number, requests: number, signal: AbortSignal): Promise<number> {
  const { sent, ok, processor } = await openLoop({
    url,
    rate,
    durationSeconds: requests / rate,
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
