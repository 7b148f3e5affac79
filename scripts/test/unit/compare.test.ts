import { describe, expect, it } from "vitest";
import {
  compareRows,
  judgeCompare,
  times,
  uncappedNote,
  wasMeasured,
} from "../../src/lab/compare-verdict.ts";
import { ratioInterval } from "../../src/lib/ratio-interval.ts";
import { comparePoints } from "../support/evidence.ts";

const red = (points: ReturnType<typeof comparePoints>) =>
  judgeCompare(points)
    .findings.filter(({ ok }) => !ok)
    .map(({ name }) => name);

describe("the interval of a speed-up", () => {
  it("is what the formula gives by hand for 1.9, 2.0, 2.1", () => {
    // Logarithms 0.641854, 0.693147, 0.741937: mean 0.692313, s 0.050047; t(2) = 4.303; half 0.124333.
    const { mean, interval } = ratioInterval([1.9, 2, 2.1]);
    expect(mean).toBeCloseTo(1.99833, 4);
    expect(interval?.[0]).toBeCloseTo(1.99833 * Math.exp(-0.124333), 3);
    expect(interval?.[1]).toBeCloseTo(1.99833 * Math.exp(0.124333), 3);
  });

  it("contains the true ratio in about 95 of 100 experiments", () => {
    // A fixed sequence: nothing here is left to chance.
    let state = 12345;
    const random = () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return ((state >>> 8) + 0.5) / 2 ** 24;
    };
    const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
    const hits = Array.from({ length: 2000 }, () => {
      const { interval } = ratioInterval(Array.from({ length: 5 }, () => 2 * Math.exp(0.02 * normal())));
      return interval !== null && interval[0] <= 2 && interval[1] >= 2;
    }).filter(Boolean).length;
    expect(hits / 2000).toBeGreaterThan(0.935);
    expect(hits / 2000).toBeLessThan(0.965);
  });

  it("is unknown for a single ratio", () => {
    const one = ratioInterval([2]);
    expect(one.mean).toBeCloseTo(2, 12);
    expect(one.interval).toBeNull();
    expect(times(one)).toBe("2.00×");
  });
});

describe("a comparison", () => {
  it("takes each ratio within its own repeat, so that a machine that slows down changes nothing", () => {
    const slowing = comparePoints(2).map((point) => ({ ...point, rate: point.rate / point.repeat }));
    const [, two] = compareRows(slowing, true);
    expect(two?.speedUp.mean).toBeCloseTo(2, 1);
    expect(two?.max).toBeGreaterThan(4 * (two?.min ?? 0));
  });

  it("keeps capped and uncapped apart", () => {
    expect(compareRows(comparePoints(2), true).map(({ rates }) => rates.length)).toEqual([5, 5, 5]);
    expect(compareRows(comparePoints(2), false).map(({ rates }) => rates.length)).toEqual([3, 3, 3]);
    expect(uncappedNote(comparePoints(2))).toContain("5,300 GET/s (reaches the goal of 5,000)");
  });

  it("passes when twice the replicas serve twice as much", () => {
    expect(red(comparePoints(1.995))).toEqual([]);
    expect(judgeCompare(comparePoints(1.995)).pass).toBe(true);
  });
  it("fails both ways: too little and suspiciously much", () => {
    expect(red(comparePoints(1.94))).toEqual(["2 replicas", "4 replicas"]);
    expect(red(comparePoints(2.1))).toEqual(["2 replicas", "4 replicas"]);
    expect(red(comparePoints(2.04))).toEqual([]);
    const { findings } = judgeCompare(comparePoints(2));
    expect(findings.at(-1)?.text).toContain("(goal: 3.80 to 4.20)");
  });
  it("is no measurement when a ratio was measured once, or scatters by more than 10 %", () => {
    const once = comparePoints(2).filter(({ repeat }) => repeat === 1);
    expect(red(once)).toEqual(["noise"]);
    const noisy = comparePoints(2).map((point) =>
      point.replicas === 4 ? { ...point, rate: point.rate * (1 + 0.1 * (point.repeat - 3)) } : point,
    );
    const verdict = judgeCompare(noisy);
    expect(verdict.pass).toBe(false);
    expect(wasMeasured(verdict)).toBe(false);
    expect(verdict.findings.find(({ name }) => name === "noise")?.text).toMatch(
      /with 4 replicas is too noisy .* use more --repeats/,
    );
    expect(wasMeasured(judgeCompare(comparePoints(1.5)))).toBe(true);
  });
  it("fails when the replicas did not use up their cap, whatever the ratio", () => {
    const idle = comparePoints(2).map((point) => ({ ...point, coresUsed: 0.12 * point.replicas }));
    expect(red(idle)).toEqual(["limit"]);
    expect(wasMeasured(judgeCompare(idle))).toBe(false);
  });
  it("tells what an answer costs, and how much more than with the fewest replicas", () => {
    // Two replicas use twice the cores for 1.6 times the answers: each answer takes 2 / 1.6 of the processor time.
    const [one, two] = compareRows(comparePoints(1.6), true);
    expect((two?.microseconds ?? 0) / (one?.microseconds ?? 1)).toBeCloseTo(1.25, 1);
    const texts = judgeCompare(comparePoints(1.6)).findings.map(({ text }) => text);
    expect(texts.join(" ")).toMatch(/an answer takes \d+ µs of a core, 2[3-7] % more than with 1\./);
    const even = judgeCompare(comparePoints(2)).findings.map(({ text }) => text);
    expect(even.join(" ")).toMatch(/µs of a core, (as much as|[12] % (more|less) than) with 1\./);
  });

  it("does not pass without anything to compare", () => {
    expect(judgeCompare([]).pass).toBe(false);
  });
});
