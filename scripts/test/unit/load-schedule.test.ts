import { describe, expect, it } from "vitest";
import { percentile } from "../../src/lib/statistics.ts";
import { Histogram } from "../../src/runtime/load/histogram.ts";
import { answerAt, closedLoopPercentile, openLoopPercentile } from "../../src/runtime/load/known-latency.ts";
import { dueBefore, Schedule, type ScheduleOptions } from "../../src/runtime/load/schedule.ts";
import { seeded } from "../../src/runtime/traffic-mix.ts";

const options: ScheduleOptions = {
  rate: 100,
  durationSeconds: 10,
  arrivals: "poisson",
  seed: 7,
  weights: [1, 3],
};
const all = (given: ScheduleOptions, worker = 0, workers = 1) => {
  const schedule = new Schedule(given);
  const found: string[] = [];
  while (schedule.nextOf(worker, workers)) found.push(`${schedule.n} ${schedule.dueMs} ${schedule.kind}`);
  return found;
};

describe("schedule", () => {
  it("is the same for the same seed and another for another", () => {
    expect(all(options)).toEqual(all(options));
    expect(all({ ...options, seed: 8 })).not.toEqual(all(options));
  });

  it("is shared out between workers without a gap or a repeat", () => {
    for (const arrivals of ["poisson", "constant"] as const) {
      const given = { ...options, arrivals };
      const shares = [0, 1, 2].flatMap((worker) => all(given, worker, 3));
      expect(shares.sort()).toEqual(all(given).sort());
    }
  });

  it("holds rate × duration requests at even intervals, all before the end", () => {
    const schedule = new Schedule({ ...options, arrivals: "constant" });
    const due: number[] = [];
    while (schedule.next()) due.push(schedule.dueMs);
    expect(due).toEqual(Array.from({ length: 1000 }, (_, n) => n * 10));
    expect(dueBefore({ ...options, arrivals: "constant" }, 500)).toBe(50);
  });

  it("has exponential gaps when arrivals are a Poisson process", () => {
    const schedule = new Schedule({ ...options, rate: 1000, durationSeconds: 50 });
    const gaps: number[] = [];
    for (let before = 0; schedule.next(); before = schedule.dueMs) gaps.push(schedule.dueMs - before);
    const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(gaps.length).toBeGreaterThan(49_000);
    expect(gaps.length).toBeLessThan(51_000);
    // Mean and standard deviation of an exponential distribution are equal.
    expect(mean).toBeCloseTo(1, 1);
    expect(Math.sqrt(variance)).toBeCloseTo(1, 1);
    expect(percentile(gaps, 0.5)).toBeCloseTo(Math.LN2, 1);
  });

  it("draws kinds by weight", () => {
    const kinds = all({ ...options, rate: 1000 }).map((line) => line.split(" ")[2]);
    const share = kinds.filter((kind) => kind === "1").length / kinds.length;
    expect(share).toBeGreaterThan(0.72);
    expect(share).toBeLessThan(0.78);
  });
});

describe("histogram", () => {
  it("gives percentiles within 0.1 % of the sorted values", () => {
    const random = seeded(3);
    const histogram = new Histogram();
    const values = Array.from({ length: 20_000 }, () => Math.round(Math.exp(random() * 17)));
    for (const value of values) histogram.record(value);
    const shares = [0.001, 0.5, 0.9, 0.99, 0.999, 1];
    histogram.percentiles(shares).forEach((found, i) => {
      const exact = percentile(values, shares[i]!);
      expect(found).toBeGreaterThanOrEqual(exact);
      expect(found).toBeLessThanOrEqual(exact * 1.001 + 1);
    });
    expect(histogram.max).toBe(Math.max(...values));
  });

  it("holds every value in one ascending bucket", () => {
    const histogram = new Histogram();
    for (const value of [0, 1, 2047, 2048, 2049, 2050, 5_000_000]) histogram.record(value);
    const buckets = [...histogram.buckets()];
    expect(buckets).toEqual([
      [0, 1],
      [1, 1],
      [2047, 1],
      [2049, 2],
      [2051, 1],
      [5_000_000, 1],
    ]);
  });

  it("is the same whether one thread recorded or several", () => {
    const random = seeded(4);
    const [one, a, b] = [new Histogram(), new Histogram(), new Histogram()];
    for (let i = 0; i < 5000; i++) {
      const value = random() * 1e6;
      one.record(value);
      (i % 3 ? a : b).record(value);
    }
    const merged = Histogram.from(structuredClone(a));
    merged.add(structuredClone(b));
    expect([...merged.buckets()]).toEqual([...one.buckets()]);
    expect(merged.summary()).toEqual(one.summary());
  });

  it("says 0 for nothing", () => {
    expect(new Histogram().summary()).toMatchObject({ p50: 0, p99: 0, max: 0, mean: 0 });
  });
});

describe("analytic percentiles", () => {
  const [latency, stall, duration] = [50, 1400, 10_000];
  const pause = { from: 4000, until: 4000 + stall };

  it("are what a simulated open loop meets", () => {
    const waits = Array.from({ length: 20_000 }, (_, n) => {
      const due = (n * duration) / 20_000;
      return answerAt(due, latency, pause) - due;
    });
    for (const share of [0.5, 0.8, 0.86, 0.9, 0.99, 0.996, 0.999])
      expect(openLoopPercentile(share, latency, stall, duration)).toBeCloseTo(percentile(waits, share), -1);
    expect(openLoopPercentile(0.99, latency, stall, duration)).toBeCloseTo(1400, 6);
    expect(openLoopPercentile(0.99, latency, 0, duration)).toBe(latency);
  });

  it("are what a simulated closed loop meets: the stall hides", () => {
    const waits: number[] = [];
    for (let connection = 0; connection < 10; connection++)
      for (let at = connection * 3, n = 0; n < 172; n++) {
        const answer = answerAt(at, latency, pause);
        waits.push(answer - at);
        at = answer;
      }
    for (const share of [0.5, 0.99, 0.999])
      expect(closedLoopPercentile(share, latency, stall, 172)).toBeCloseTo(percentile(waits, share), 6);
    expect(closedLoopPercentile(0.99, latency, stall, 172)).toBe(latency);
    expect(closedLoopPercentile(0.99, latency, stall, 50)).toBe(latency + stall);
  });

  it("never let a later request overtake an earlier one", () => {
    let before = 0;
    for (let arrival = 3900; arrival < 5500; arrival += 0.5) {
      const answer = answerAt(arrival, latency, pause);
      expect(answer).toBeGreaterThanOrEqual(before);
      before = answer;
    }
  });
});
