import { randomUUID } from "node:crypto";
import { defineBenchmark, list } from "../lab/benchmark.ts";
import { LabError } from "../lib/errors.ts";
import { interrupted } from "../lib/interrupt.ts";
import { waitUntil } from "../lib/wait-until.ts";
import { closedLoad } from "../runtime/closed-loop.ts";
import { type LabContainer, labContainers, start, stop } from "../runtime/docker.ts";
import { isHealthy } from "../runtime/health.ts";
import { askReplica, sumMetric } from "../runtime/replica-counters.ts";
import { baseUrl, settings } from "../runtime/settings.ts";
import { deepShelves, PURCHASES } from "./parts/deep-shelves.ts";

const PURCHASE_COUNT = 20_000;

export default defineBenchmark({
  summary: "Relay throughput: a backlog of orders to a Kafka that comes back, against the rate of purchases",
  async run({ say, signal }) {
    const [kafka] = await labContainers({ service: "kafka" });
    const replica = (await labContainers({ service: "app" })).find(isHealthy);
    if (!kafka || !replica)
      throw new LabError("Kafka and the shop must run for this, and one of them does not.", {
        code: "lab.down",
        hint: "Start the lab with: npm run lab:up",
      });
    await using _ = await deepShelves();
    await emptied(replica);
    await stop(kafka.id);
    let purchases: number;
    let backlogged: number;
    try {
      purchases = await purchaseRate(signal);
      backlogged = await backlog(replica);
    } finally {
      await start(kafka.id);
    }
    say(`${list([purchases])} purchases/s; ${backlogged} events wait for Kafka`);
    const relayed = await drainRate(replica, backlogged);
    await emptied(replica);
    return [
      {
        name: "relayed events per second / purchases per second",
        value: relayed / purchases,
        unit: "ratio",
        goal: { atLeast: 10 },
        detail: `${backlogged} events at ${list([relayed])}/s; ${PURCHASE_COUNT} purchases at ${list([purchases])}/s`,
      },
    ];
  },
});

async function purchaseRate(signal: AbortSignal): Promise<number> {
  const result = await closedLoad({
    url: baseUrl(settings()).href,
    amount: PURCHASE_COUNT,
    connections: 20,
    mix: PURCHASES,
    seed: 1,
    runId: `bench-${randomUUID().slice(0, 8)}`,
    signal,
  });
  signal.throwIfAborted();
  if (result.ok === PURCHASE_COUNT) return result.throughput;
  throw new LabError(`Only ${result.ok} of ${PURCHASE_COUNT} purchases were sold.`, { code: "load.failed" });
}

const backlog = async (replica: LabContainer): Promise<number> =>
  sumMetric((await askReplica(replica, "/metrics")).body, "outbox_backlog_events", {});

const emptied = (replica: LabContainer) =>
  waitUntil("the outbox to be empty", async () => (await backlog(replica)) === 0, {
    deadlineMs: 120_000,
    intervalMs: 200,
    signal: interrupted,
  });

/** From the last look that found everything waiting to the first that found nothing: too long rather than too short. */
async function drainRate(replica: LabContainer, whole: number): Promise<number> {
  let begun = performance.now();
  await waitUntil(
    "the relay to bring the backlog to Kafka",
    async () => {
      const now = performance.now();
      const left = await backlog(replica);
      if (left >= whole) begun = now;
      return left === 0;
    },
    // Each look starts a process in the replica's container, on the processor that the relay needs.
    { deadlineMs: 180_000, intervalMs: 200, signal: interrupted },
  );
  return whole / ((performance.now() - begun) / 1000);
}
