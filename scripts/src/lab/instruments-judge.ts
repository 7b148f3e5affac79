import type { LoadResult } from "../lib/load-result.ts";
import { percentile } from "../lib/statistics.ts";
import type { Served } from "../runtime/load/known-server.ts";

/** How far a percentile may be from the one that the server's record gives. */
const TOLERANCE = 0.05;
/** How far apart the least and the most that a percentile can truly be may lie. */
const WIDEST = 1.25;
/** Share of a schedule that must have been sent. */
const KEPT = 0.999;
/** Milliseconds by which a punctual machine wakes nobody too late; what it is later, it may be for a generator, too. */
const AWAKE = 0.5;
/** A generator is woken for the request and for its answer, the server once. */
const WAKES = 2;

/** What is measured; all times in milliseconds. */
export interface Trial {
  latency: number;
  /** Length of the stall; 0 for none. */
  stall: number;
  /** Of the open loop, and its requests per second. */
  duration: number;
  rate: number;
  /** Of the closed loop: how many clients, and how many requests each gets done. */
  connections: number;
  perConnection: number;
}

export interface Figure {
  generator: LoadResult["generator"];
  situation: string;
  name: "p50" | "p99" | "sent/scheduled" | "recorded/served";
  /** Milliseconds, or a share. */
  expected: number;
  /** Where the truth is known only to lie in between; `expected` is then the nearest to what was measured. */
  between?: [least: number, most: number];
  measured: number;
  ok: boolean;
}

/** Milliseconds between the moment an answer was due and the moment it was written. */
export type Lateness = Record<"p50" | "p99" | "max", number>;

export function latenessOf(served: Served[]): Lateness {
  const late = served.map(({ due, written }) => written - due);
  return { p50: percentile(late, 0.5), p99: percentile(late, 0.99), max: percentile(late, 1) };
}

/**
 * Pure: what an open loop's result is worth. A request's true latency is from the moment it should have left to the
 * moment at which the server wrote its answer. When that was due, the generator is not asked: the schedule is known,
 * and it began when the most punctual of all requests says. So what the machine does to the server, or to the
 * sending, is in the truth as well, request by request, and cancels.
 */
export function judgeOpen(load: LoadResult, trial: Trial, served: Served[]): Figure[] {
  const dueMs = (n: number) => (n * 1000) / trial.rate;
  const began = Math.min(...served.map(({ n, arrival }) => arrival - dueMs(n)));
  const truth = served.map(({ n, written }) => written - began - dueMs(n));
  const scheduled = Math.round((trial.rate * trial.duration) / 1000);
  const sent = served.length / scheduled;
  return [
    ...judgeLatencies(load, trial, served, truth),
    {
      generator: load.generator,
      situation: nameOf(trial),
      name: "sent/scheduled",
      expected: 1,
      measured: sent,
      // More than was asked for is no better than less.
      ok: sent >= KEPT && sent <= 1 && load.scheduled === scheduled && load.sent === served.length,
    },
  ];
}

/**
 * Pure: what a closed loop's result is worth. Only it knows when it sends, so its true latency is at least what the
 * server held each answer back, and that is what p50 is compared with. Between the two programs a busy machine may let
 * a few requests and answers lie; but whoever has one request in flight per connection cannot have sent one before the
 * answer before it was written, nor have read its answer after the next request arrived. So p99 is right in between.
 */
export function judgeClosed(load: LoadResult, trial: Trial, served: Served[]): Figure[] {
  const held = served.map(({ arrival, written }) => written - arrival);
  return judgeLatencies(load, trial, served, held, atMost(served));
}

/** The longest that each request can have taken, by those before and after it on its connection. */
function atMost(served: Served[]): number[] {
  const byConnection = Map.groupBy(served, ({ connection }) => connection);
  return [...byConnection.values()].flatMap((own) =>
    own.slice(1, -1).map((_, i) => (own[i + 2]?.arrival ?? 0) - (own[i]?.written ?? 0)),
  );
}

function judgeLatencies(
  load: LoadResult,
  trial: Trial,
  served: Served[],
  truth: number[],
  longest: number[] = truth,
): Figure[] {
  const { generator } = load;
  const situation = nameOf(trial);
  const one = (name: "p50" | "p99", share: number): Figure => {
    const measured = load.latency[name];
    const least = percentile(truth, share);
    // More than a quarter is no bracket any more, whoever let the answers lie.
    const most = name === "p50" ? least : Math.min(percentile(longest, share), WIDEST * least);
    const expected = Math.max(least, Math.min(measured, most));
    const ok = Math.abs(measured - expected) <= TOLERANCE * expected;
    const between = most > least ? { between: [least, most] satisfies Figure["between"] } : {};
    return { generator, situation, name, expected, ...between, measured, ok };
  };
  const recorded = load.histogram.reduce((sum, [, count]) => sum + count, 0) / served.length;
  return [
    one("p50", 0.5),
    one("p99", 0.99),
    // Leaving out the slowest is the easiest way to be fast.
    { generator, situation, name: "recorded/served", expected: 1, measured: recorded, ok: recorded === 1 },
  ];
}

/**
 * Pure: whether the machine can be what is wrong with this figure. That takes two things: it was seen to wake the
 * server too late in this very run, and the figure is off by no more than that explains. A generator whose clock or
 * beginning is wrong is off on a punctual machine, too, and one that leaves out a stall is off by far more.
 */
export function isMachines({ name, expected, measured }: Figure, late: Lateness): boolean {
  if (name !== "p50" && name !== "p99") return false;
  const off = Math.abs(measured - expected) - TOLERANCE * expected;
  return late[name] > AWAKE && off <= WAKES * late[name];
}

export const nameOf = ({ latency, stall }: Trial): string =>
  stall > 0 ? `${latency} ms and a stall of ${stall / 1000} s` : `always ${latency} ms`;
