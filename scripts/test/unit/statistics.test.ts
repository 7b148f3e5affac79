import { describe, expect, it } from "vitest";
import { meetsGoal } from "../../src/lab/benchmark.ts";
import { median, percentile } from "../../src/lib/statistics.ts";

describe("median", () => {
  it("is the middle, or the mean of the two middle ones", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
  it("of nothing is no number", () => expect(median([])).toBeNaN());
});

describe("percentile", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  it("is the nearest rank", () => {
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 1)).toBe(100);
    expect(percentile([7], 0.01)).toBe(7);
  });
});

describe("a benchmark's goal", () => {
  const figure = (value: number, goal: { atLeast: number } | { atMost: number }) => ({
    name: "",
    value,
    unit: "ratio",
    goal,
    detail: "",
  });
  it("is met on the right side of the bound only", () => {
    expect(meetsGoal(figure(0.9, { atLeast: 0.9 }))).toBe(true);
    expect(meetsGoal(figure(0.89, { atLeast: 0.9 }))).toBe(false);
    expect(meetsGoal(figure(1.5, { atMost: 1.5 }))).toBe(true);
    expect(meetsGoal(figure(1.51, { atMost: 1.5 }))).toBe(false);
  });
  it("is not met by a figure that is no number", () =>
    expect(meetsGoal(figure(Number.NaN, { atLeast: 0 }))).toBe(false));
});
