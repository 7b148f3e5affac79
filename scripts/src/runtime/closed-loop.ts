import { LabError } from "../lib/errors.ts";
import { driveAutocannon } from "./load/autocannon.ts";
import { Histogram } from "./load/histogram.ts";
import { nobodyAnswered } from "./load/nobody.ts";

export { type ClosedLoadOptions, closedLoad } from "./load/closed-load.ts";

/** One request of the load; `key` groups answers (path, client). */
export interface PlannedRequest {
  path: string;
  key: string;
}

export interface ClosedLoopOptions {
  /** `http://127.0.0.1:8000` */
  url: string;
  /** Requests in total. */
  amount: number;
  connections: number;
  /** First part of each request's id (`check-3f2a`), so that logs can be searched for this load. */
  runId: string;
  /** What the n-th request (from 0) of a client asks for. */
  plan: (n: number, client: number) => PlannedRequest;
  /** Clients send back the cookies they were given, as browsers do. */
  cookies?: boolean;
  /** Ends the load early; what it cut off then counts as unanswered. */
  signal?: AbortSignal;
  /** Called about ten times a second with the answers so far. */
  onProgress?: (answers: number) => void;
}

export interface ClosedLoopResult {
  sent: number;
  /** 2xx answers by instance number; "none" when an answer named no replica. */
  perReplica: Map<string, number>;
  /** 2xx answers by key, then by instance number. */
  perKey: Map<string, Map<string, number>>;
  /** Answers that were not 2xx, by status. */
  failed: Map<number, number>;
  /** Requests that never got an answer: connection errors, time-outs, and answers cut off. */
  unanswered: number;
  /** What `X-Strategy` said, with counts. */
  strategies: Map<string, number>;
  durationSeconds: number;
  /** Answers per second. */
  throughput: number;
  /** Milliseconds, of all answers. */
  latency: { p50: number; p90: number; p99: number; max: number };
}

/**
 * Sends GETs as fast as answers come and counts who answered which key.
 * @throws LabError `lab.down` when there was no answer at all.
 */
export async function closedLoop(options: ClosedLoopOptions): Promise<ClosedLoopResult> {
  const perReplica = new Map<string, number>();
  const perKey = new Map<string, Map<string, number>>();
  const failed = new Map<number, number>();
  const strategies = new Map<string, number>();
  const latencies = new Histogram();
  const progress = setInterval(() => options.onProgress?.(latencies.count), 100);
  const { onProgress: _, ...drive } = options;
  const duration = await driveAutocannon({
    ...drive,
    onAnswer: ({ request, status, replica = "none", strategy = "none", latency }) => {
      latencies.record(latency * 1000);
      add(strategies, strategy);
      if (status < 200 || status > 299) return add(failed, status);
      add(perReplica, replica);
      const counts = perKey.get(request.key) ?? new Map<string, number>();
      perKey.set(request.key, counts);
      add(counts, replica);
    },
  }).finally(() => clearInterval(progress));
  if (latencies.count === 0) throw nobodyAnswered(options.url);
  const durationSeconds = duration / 1000;
  const { p50, p90, p99, max } = latencies.summary();
  return {
    sent: options.amount,
    perReplica,
    perKey,
    failed,
    unanswered: options.amount - latencies.count,
    strategies,
    durationSeconds,
    throughput: latencies.count / durationSeconds,
    latency: { p50, p90, p99, max },
  };
}

/**
 * Answers per second of a load in which every single answer must be good.
 * @throws LabError `load.failed` otherwise: quick errors would look like speed.
 */
export async function flawlessRate(options: ClosedLoopOptions): Promise<number> {
  const { failed, unanswered, throughput } = await closedLoop(options);
  const statuses = [...failed].map(([status, count]) => `${count} × ${status}`);
  if (statuses.length > 0 || unanswered > 0)
    throw new LabError(
      `A load on ${options.url} is no measurement: ${statuses.join(", ") || "no wrong status"}, ${unanswered} without an answer.`,
      { code: "load.failed" },
    );
  return throughput;
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
