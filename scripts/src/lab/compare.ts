import { randomBytes } from "node:crypto";
import type { Step } from "../lib/progress.ts";
import { flawlessRate } from "../runtime/closed-loop.ts";
import { type LabContainer, labContainers, limitCpus, stats } from "../runtime/docker.ts";
import { waitForHealth } from "../runtime/health.ts";
import { scaleReplicas } from "../runtime/lab.ts";
import type { Settings } from "../runtime/settings.ts";
import { activateStrategy, activeStrategy } from "../runtime/strategy.ts";
import { seeded } from "../runtime/traffic-mix.ts";
import { doorOf, notRunning } from "./check-distribution.ts";
import type { ComparePoint } from "./evidence-schema.ts";
import { bringReplicasTo } from "./scale.ts";

export interface CompareOptions {
  /** Numbers of replicas to compare; speed-ups are against the fewest. */
  replicas: number[];
  /** Cores each replica is held to. */
  cpus: number;
  repeats: number;
  /** Length of one measurement. */
  seconds: number;
  /** Clients that send at the same time, per replica. */
  connectionsPerReplica: number;
  /** Decides the order within each repeat. */
  seed: number;
}

const ROUTE = "/products";
/** What is measured with: it gives every replica the same. */
export const STRATEGY = "round-robin";
/** Requests per replica after which its code is compiled and its connections are open. */
const WARM_UP = 2500;
/** Uncapped figures stand beside, they are not the claim: a few repeats are enough. */
const UNCAPPED_REPEATS = 3;
const UNCAPPED_SECONDS = 2.5;
/** Under a new cap the first second is not like the others: the quota of the current period is used up already. */
const SETTLING_SECONDS = 1;

/**
 * Measures the throughput of the shop with different numbers of replicas, interleaved, each replica held to the
 * same share of a core. Afterwards the lab is as it was, also after Ctrl-C or an error.
 * @throws LabError `lab.down`; `load.failed` when an answer was not good.
 */
export async function compareReplicas(
  settings: Settings,
  options: CompareOptions,
  step: Step,
  signal: AbortSignal,
): Promise<ComparePoint[]> {
  await using lab = await borrowLab(settings, step);
  if (lab.strategy !== STRATEGY) await activateStrategy(STRATEGY, settings);
  const random = seeded(options.seed);
  const points: ComparePoint[] = [];
  for (let repeat = 1; repeat <= options.repeats; repeat++) {
    for (const count of shuffled(options.replicas, random)) {
      signal.throwIfAborted();
      step.title(`Repeat ${repeat} of ${options.repeats}: ${count} ${count === 1 ? "replica" : "replicas"}`);
      const replicas = await bringReplicasTo(count, settings, signal, step);
      const measured = await measure(lab.url, replicas, { ...options, repeat }, signal, step);
      points.push(...measured);
    }
  }
  step.title(`${points.length} measurements`);
  return points;
}

/** The lab as it is, untouched yet; going back to that is structural. */
async function borrowLab(
  settings: Settings,
  step: Step,
): Promise<AsyncDisposable & { url: string; strategy: string }> {
  const [nginx] = await labContainers({ service: "nginx" });
  const before = (await labContainers({ service: "app" })).length;
  if (nginx?.state !== "running" || before === 0) throw notRunning();
  const strategy = await activeStrategy();
  return {
    url: doorOf(nginx, settings).href,
    strategy,
    async [Symbol.asyncDispose]() {
      step.title(`Back to ${before} ${before === 1 ? "replica" : "replicas"} and ${strategy}`);
      // Not the signal of Ctrl-C: it may be the reason why we are here.
      try {
        await scaleReplicas(before, settings, step, { uninterruptible: true });
      } finally {
        // Before the wait: after Ctrl-C there may not be the time for both.
        if (strategy !== STRATEGY) await activateStrategy(strategy, settings);
      }
      await waitForHealth(AbortSignal.timeout(60_000), step, { service: "app", count: before });
    },
  };
}

async function measure(
  url: string,
  replicas: LabContainer[],
  options: CompareOptions & { repeat: number },
  signal: AbortSignal,
  step: Step,
): Promise<ComparePoint[]> {
  const { repeat, cpus } = options;
  const points: ComparePoint[] = [];
  const load = async (amount: number, held: number | null): Promise<ComparePoint> => {
    signal.throwIfAborted();
    return measureOnce(url, replicas, Math.round(amount), held, { ...options, signal });
  };
  step.progress("warm-up");
  const warm = await load(WARM_UP * replicas.length, null);
  if (repeat <= UNCAPPED_REPEATS) {
    step.progress("uncapped");
    points.push(await load(warm.rate * UNCAPPED_SECONDS, null));
  }
  step.progress(`each replica held to ${cpus} cores`);
  await using caps = new AsyncDisposableStack();
  for (const { id } of replicas) caps.use(await limitCpus(id, cpus));
  // What a replica serves in a second of a whole core tells about how much it will serve in a share of one.
  const perCore = warm.coresUsed > 0 ? warm.rate / warm.coresUsed : warm.rate / replicas.length;
  const expected = perCore * cpus * replicas.length;
  const settled = await load(expected * SETTLING_SECONDS, cpus);
  points.push(await load(settled.rate * options.seconds, cpus));
  return points;
}

async function measureOnce(
  url: string,
  replicas: LabContainer[],
  amount: number,
  cpus: number | null,
  { repeat, connectionsPerReplica, signal }: CompareOptions & { repeat: number; signal: AbortSignal },
): Promise<ComparePoint> {
  const connections = connectionsPerReplica * replicas.length;
  const before = await processorSeconds(replicas);
  const requests = Math.max(amount, connections);
  const rate = await flawlessRate({
    url,
    amount: requests,
    connections,
    signal,
    runId: `compare-${randomBytes(4).toString("hex")}`,
    plan: () => ({ path: ROUTE, key: "" }),
  });
  const used = (await processorSeconds(replicas)) - before;
  const durationSeconds = requests / rate;
  const coresUsed = used / durationSeconds;
  return { repeat, replicas: replicas.length, cpus, connections, requests, durationSeconds, rate, coresUsed };
}

async function processorSeconds(replicas: LabContainer[]): Promise<number> {
  const used = await Promise.all(replicas.map(({ id }) => stats(id)));
  return used.reduce((sum, { cpuNanoseconds }) => sum + cpuNanoseconds / 1e9, 0);
}

/** The same values in an order drawn at random (Fisher and Yates). */
function shuffled<T>(values: T[], random: () => number): T[] {
  const order = [...values];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}
