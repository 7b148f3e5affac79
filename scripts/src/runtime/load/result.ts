import type { LoadResult, LoadSecond } from "../../lib/load-result.ts";
import { Histogram } from "./histogram.ts";
import type { Recorder } from "./recorder.ts";

type Known = Pick<
  LoadResult,
  "generator" | "latencyFrom" | "url" | "startedAt" | "durationSeconds" | "scheduled" | "processor"
>;

/** The result of a load from what its threads recorded together. */
export function toResult(recorder: Recorder, known: Known): LoadResult {
  const all = new Histogram();
  for (const latency of recorder.perKind.values()) all.add(latency);
  const { sent, ok, unanswered, acknowledged, late, lag } = recorder;
  const { scheduled } = known;
  const { p50, p99, max } = lag.summary();
  return {
    ...known,
    sent,
    // What never left is as late as can be.
    ...(scheduled === null ? {} : { late: late + Math.max(0, scheduled - sent), sendLag: { p50, p99, max } }),
    ok,
    failed: Object.fromEntries(recorder.failed),
    unanswered,
    throughput: all.count / known.durationSeconds,
    latency: all.summary(),
    histogram: [...all.buckets()].map(([value, count]) => [value / 1000, count]),
    perReplica: fromEntries(recorder.perReplica),
    perKind: fromEntries(recorder.perKind),
    strategies: Object.fromEntries(recorder.strategies),
    timeline: timeline(recorder),
    acknowledged,
  };
}

function fromEntries(histograms: Map<string, Histogram>): LoadResult["perReplica"] {
  return Object.fromEntries(
    [...histograms]
      .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
      .map(([key, latency]) => [key, { answers: latency.count, latency: latency.summary() }]),
  );
}

function timeline({ seconds }: Recorder): LoadSecond[] {
  return seconds.map(({ latency, ...counts }, second) => {
    const { p50, p90, p99, max } = latency.summary();
    return { second, ...counts, latency: latency.count === 0 ? null : { p50, p90, p99, max } };
  });
}
