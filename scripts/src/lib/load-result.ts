/** Milliseconds. */
export interface LatencySummary {
  mean: number;
  p50: number;
  p75: number;
  p90: number;
  p95: number;
  p99: number;
  p999: number;
  max: number;
}

/** What happened to the requests of one second; a request belongs to the second in which its latency begins. */
export interface LoadSecond {
  /** Whole seconds since the load began. */
  second: number;
  /** Requests that were due (open loop) or sent (closed loop). */
  sent: number;
  /** 2xx answers. */
  ok: number;
  /** Answers with another status. */
  failed: number;
  unanswered: number;
  /** Of all answers; null when there was none. */
  latency: Pick<LatencySummary, "p50" | "p90" | "p99" | "max"> | null;
  /** 2xx answers by instance number. */
  perReplica: Record<string, number>;
}

export interface ReplicaLoad {
  /** 2xx answers. */
  answers: number;
  latency: LatencySummary;
}

/** One measured load, the same from both generators. Latencies in milliseconds, times in seconds. */
export interface LoadResult {
  generator: "closed loop" | "open loop";
  /** Where latency begins: the moment the request should have left, or the moment it did. */
  latencyFrom: "intended send time" | "send time";
  url: string;
  /** Unix time in milliseconds. */
  startedAt: number;
  durationSeconds: number;
  /** Requests that the schedule held; null in a closed loop, which has none. */
  scheduled: number | null;
  sent: number;
  /** Open loop: requests of the schedule that left later than they may (`LATE_MS`), or never. */
  late?: number;
  /** Open loop: milliseconds from the moment a request was due to the moment it left; part of its latency. */
  sendLag?: Pick<LatencySummary, "p50" | "p99" | "max">;
  /** 2xx answers. */
  ok: number;
  /** Answers that were not 2xx, by status. */
  failed: Record<string, number>;
  /** Connection errors, time-outs, answers cut off. A POST among them is unknown, not failed. */
  unanswered: number;
  /** All answers per second. */
  throughput: number;
  latency: LatencySummary;
  /** Value in milliseconds and how many answers took at most that long and more than the one before. */
  histogram: [number, number][];
  /** By instance number; "none" when an answer named no replica. */
  perReplica: Record<string, ReplicaLoad>;
  /** By kind of request ("GET /products"). */
  perKind: Record<string, { answers: number; latency: LatencySummary }>;
  /** What `X-Strategy` said, with counts. */
  strategies: Record<string, number>;
  timeline: LoadSecond[];
  /** Order ids that were answered with 201: what the shop must not lose. */
  acknowledged: string[];
  /** Processor time of the generator: cores used by its busiest thread (0 to 1) and seconds in total. */
  processor: { busiestThread: number; seconds: number };
}
