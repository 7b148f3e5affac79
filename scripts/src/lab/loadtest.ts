import { randomBytes } from "node:crypto";
import type { LoadResult } from "../lib/load-result.ts";
import { paths } from "../lib/paths.ts";
import { closedLoad } from "../runtime/closed-loop.ts";
import { type LabContainer, labContainers } from "../runtime/docker.ts";
import { doorOf } from "../runtime/door.ts";
import { refuseUnkept } from "../runtime/load/keeping.ts";
import { nobodyAnswered } from "../runtime/load/nobody.ts";
import { type MixEntry, openLoop } from "../runtime/load/open-loop.ts";
import { askReplica, sumMetric } from "../runtime/replica-counters.ts";
import type { Settings } from "../runtime/settings.ts";
import { activeStrategy } from "../runtime/strategy.ts";
import { unknownStrategy } from "../runtime/strategy-files.ts";
import { productIds } from "../runtime/traffic.ts";
import { growth, notRunning, refuseForeign } from "./check-distribution.ts";
import { environment } from "./environment.ts";
import type { LoadtestEvidence } from "./evidence-schema.ts";
import { type MixShare, mixEntries, PROBED } from "./load-mix.ts";
import { foreignRequests, judgeLoad } from "./load-verdict.ts";
import { loadStrategies } from "./strategies.ts";

/** As fast as answers come, or at a rate whatever the answers do. */
export type LoadPlan = { mix: MixShare[]; seed: number } & (
  | { loop: "closed"; requests: number; connections: number }
  | {
      loop: "open";
      rate: number;
      durationSeconds: number;
      arrivals: "constant" | "poisson";
      newConnections: boolean;
      workers?: number;
    }
);

export interface LoadtestContext {
  /** What to type to measure it again. */
  command: string;
  /** Ends the load early; what was measured until then is judged. */
  signal: AbortSignal;
  /** Answers so far. */
  onProgress: (answers: number) => void;
}

/**
 * Sends a load through the door and judges it: nothing may fail, and the replicas must get what the active strategy
 * promises them.
 * @throws LabError with exit code 2 when it could not measure: no lab, too many requests of others, or a generator
 * that could not keep its schedule.
 */
export async function runLoadtest(
  settings: Settings,
  plan: LoadPlan,
  context: LoadtestContext,
): Promise<LoadtestEvidence> {
  const pool = await labContainers({ service: "app", all: true });
  const nginx = (await labContainers({ service: "nginx" })).find(({ state }) => state === "running");
  if (!nginx || pool.length === 0) throw notRunning();
  const strategy = await activeStrategy();
  const promise = (await loadStrategies(paths.nginxStrategies)).get(strategy)?.expect;
  if (!promise) throw unknownStrategy(strategy);
  const door = doorOf(nginx, settings);

  const mix = mixEntries(plan.mix, await productIds(door));
  const before = await requestsByReplica(pool);
  const load = await send(door.href, plan, mix, context);
  const after = await requestsByReplica(pool);

  if (load.ok + Object.keys(load.failed).length === 0) throw nobodyAnswered(door.href);
  // A closed loop keeps no schedule, and its throughput is called no capacity; the verdict mentions a busy generator.
  if (plan.loop === "open") refuseUnkept(load);
  const samples = {
    strategy,
    promise,
    pool: pool.map(({ ordinal }) => String(ordinal)),
    replicaCounters: Object.fromEntries(growth(before, after)),
    load,
  };
  const cut = context.signal.aborted ? cutOff(plan) : 0;
  refuseForeign(foreignRequests(samples) - cut, load.sent);
  const { pass, findings } = judgeLoad(samples);
  return {
    what: "loadtest",
    version: 1,
    takenAt: new Date().toISOString(),
    command: context.command,
    environment: await environment(strategy, samples.pool),
    options: recorded(plan),
    promise,
    interrupted: context.signal.aborted,
    load,
    replicaCounters: samples.replicaCounters,
    verdict: { pass, findings },
  };
}

/**
 * How many requests Ctrl-C can have cut off that replicas count and the generator does not: they look like
 * requests of others. An open loop waits for what it has sent, or counts it as unanswered.
 */
export const cutOff = (plan: LoadPlan): number => (plan.loop === "closed" ? plan.connections : 0);

async function send(
  url: string,
  plan: LoadPlan,
  mix: MixEntry[],
  { signal, onProgress }: LoadtestContext,
): Promise<LoadResult> {
  const common = { url, mix, seed: plan.seed, signal, runId: `load-${randomBytes(4).toString("hex")}` };
  if (plan.loop === "closed") {
    const { requests: amount, connections } = plan;
    return closedLoad({ ...common, amount, connections, onProgress });
  }
  const { rate, durationSeconds, arrivals, newConnections, workers } = plan;
  return openLoop({
    ...common,
    ...{ rate, durationSeconds, arrivals },
    connections: newConnections ? "new" : "keep-alive",
    ...(workers === undefined ? {} : { workers }),
    onProgress: ({ answered }) => onProgress(answered),
  });
}

const REQUESTS = "http_request_duration_seconds_count";

/** Requests that each running replica has answered since it started, by instance number. */
async function requestsByReplica(pool: LabContainer[]): Promise<Map<string, number>> {
  const running = pool.filter(({ state }) => state === "running");
  const counted = running.map(async (replica) => {
    const { body } = await askReplica(replica, "/metrics");
    const probes = PROBED.reduce((sum, route) => sum + sumMetric(body, REQUESTS, { route }), 0);
    return [String(replica.ordinal), sumMetric(body, REQUESTS, {}) - probes] as const;
  });
  return new Map(await Promise.all(counted));
}

function recorded(plan: LoadPlan): LoadtestEvidence["options"] {
  const { mix, seed } = plan;
  const common = { mix: mix.map(({ kind, weight }) => ({ kind, weight })), seed };
  if (plan.loop === "closed") return { ...common, requests: plan.requests, connections: plan.connections };
  const { rate, durationSeconds, arrivals, newConnections, workers } = plan;
  return { ...common, rate, durationSeconds, arrivals, newConnections, ...(workers ? { workers } : {}) };
}
