import type { LoadResult } from "../lib/load-result.ts";
import { byNumber, colourOf } from "./figures.ts";

/** What the page's script draws; everything here comes from the raw samples. */
export interface PlotData {
  /** Seconds since the load began, at which each step begins; the last is the end of the last step. */
  seconds: number[];
  /** Good answers per second, per replica in the order of their numbers. */
  replicas: { id: string; colour: number; rates: number[] }[];
  /** Requests per second without a good answer. */
  failed: number[];
  /** Milliseconds; null where nobody was answered. */
  latency: { p50: Curve; p90: Curve; p99: Curve; max: Curve };
  /** x: one request in so many took at least y milliseconds. */
  distribution: {
    oneIn: number[];
    ms: number[];
    /** Points to be labelled: exact, although the curve is thinned out. */
    marks: { oneIn: number; ms: number }[];
  };
}
type Curve = (number | null)[];

/** A last second shorter than this says nothing about a rate. */
const SHORTEST_SECONDS = 0.25;
/** Two points of the distribution closer than this are one to the eye. */
const NEAREST = 1.015;
/** Half, nine tenths, 99 %, … of the answers were quicker. */
const MARKS = [2, 10, 100, 1000, 10_000, 100_000, 1_000_000];

/** Pure: a load as curves. */
export function plotData(load: LoadResult): PlotData {
  const seconds = load.timeline
    .map((second) => ({ ...second, length: Math.min(1, load.durationSeconds - second.second) }))
    .filter(({ length }, i) => i === 0 || length >= SHORTEST_SECONDS);
  const ids = [...new Set(seconds.flatMap(({ perReplica }) => Object.keys(perReplica)))].sort(byNumber);
  const last = seconds.at(-1);
  const rate = (value: number, length: number) => value / Math.max(length, SHORTEST_SECONDS);
  const curve = (name: "p50" | "p90" | "p99" | "max") =>
    seconds.map(({ latency }) => latency?.[name] ?? null);
  return {
    seconds: [...seconds.map(({ second }) => second), last ? last.second + Math.max(last.length, 0) : 0],
    replicas: ids.map((id) => ({
      id,
      colour: colourOf(id),
      rates: seconds.map(({ perReplica, length }) => rate(perReplica[id] ?? 0, length)),
    })),
    failed: seconds.map(({ failed, unanswered, length }) => rate(failed + unanswered, length)),
    latency: { p50: curve("p50"), p90: curve("p90"), p99: curve("p99"), max: curve("max") },
    distribution: distribution(load.histogram),
  };
}

/** The curve of HdrHistogram's plots: how slow is the slowest in two, in ten, in a hundred, … requests? */
function distribution(histogram: [number, number][]): PlotData["distribution"] {
  const total = histogram.reduce((sum, [, answers]) => sum + answers, 0);
  const marks = MARKS.filter((oneIn) => oneIn <= total).map((oneIn) => ({
    oneIn,
    ms: histogramPercentile(histogram, 1 - 1 / oneIn),
  }));
  const curve = { oneIn: [] as number[], ms: [] as number[], marks };
  let below = 0;
  for (const [value, answers] of histogram) {
    below += answers;
    // The slowest of all stands at "one in all of them"; beyond it there is nothing to see.
    const oneIn = Math.min(total, total / Math.max(1, total - below));
    const previous = curve.oneIn.at(-1);
    if (previous !== undefined && oneIn < previous * NEAREST) {
      curve.ms[curve.ms.length - 1] = value;
      continue;
    }
    if (previous === undefined && oneIn > 1) {
      curve.oneIn.push(1);
      curve.ms.push(value);
    }
    curve.oneIn.push(oneIn);
    curve.ms.push(value);
  }
  return curve;
}

/** Smallest value in milliseconds that at least this share of all answers did not exceed, from the histogram. */
export function histogramPercentile(histogram: [number, number][], share: number): number {
  const total = histogram.reduce((sum, [, answers]) => sum + answers, 0);
  let below = 0;
  for (const [value, answers] of histogram) {
    below += answers;
    // The share is a rounded number: 0.9 of ten must be nine of them.
    if (below >= share * total - 1e-6) return value;
  }
  return 0;
}
