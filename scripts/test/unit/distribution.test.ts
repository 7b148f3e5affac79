import { describe, expect, it } from "vitest";
import { type DistributionSamples, judgeDistribution } from "../../src/lab/distribution.ts";

const counts = (record: Record<string, number>) => new Map(Object.entries(record));

/** 10,000 requests in turn over two replicas, all three sides agreeing. */
function even(client: Record<string, number> = { 1: 5000, 2: 5000 }): DistributionSamples {
  return {
    announced: "round-robin",
    active: "round-robin",
    expect: { model: "even", toleranceRequests: 1 },
    pool: ["1", "2"],
    sent: 10_000,
    client: counts(client),
    unanswered: 0,
    failed: 0,
    keys: new Map(),
    proxy: counts(client),
    foreign: 0,
    replica: counts(client),
  };
}

const red = (samples: DistributionSamples) =>
  judgeDistribution(samples)
    .findings.filter(({ ok }) => !ok)
    .map(({ name }) => name);

describe("even shares", () => {
  it("passes 5000 and 5000", () => {
    expect(judgeDistribution(even()).pass).toBe(true);
  });
  it("passes an odd total that is off by half a request", () => {
    expect(red({ ...even({ 1: 5001, 2: 5000 }), sent: 10_001 })).toEqual([]);
  });
  it("fails when one replica is two requests ahead", () => {
    expect(red(even({ 1: 5002, 2: 4998 }))).toEqual(["spread"]);
  });
  it("fails when a replica of the pool got nothing", () => {
    expect(red(even({ 1: 10_000 }))).toEqual(["spread"]);
  });
  it("counts a replica outside the pool against the spread", () => {
    expect(red(even({ 1: 4000, 2: 4000, 7: 2000 }))).toEqual(["spread"]);
  });
  it("allows one more per request of others, because they take turns too", () => {
    expect(red({ ...even({ 1: 5003, 2: 4997 }), foreign: 3 })).toEqual([]);
    expect(red({ ...even({ 1: 5003, 2: 4997 }), foreign: 1 })).toEqual(["spread"]);
  });
  it("measures points against the total", () => {
    const expectation = { model: "even", tolerancePoints: 5 } as const;
    expect(red({ ...even({ 1: 5500, 2: 4500 }), expect: expectation })).toEqual([]);
    expect(red({ ...even({ 1: 5501, 2: 4499 }), expect: expectation })).toEqual(["spread"]);
  });
});

describe("weights", () => {
  const weighted = (client: Record<string, number>, pool = ["1", "2"]): DistributionSamples => ({
    ...even(client),
    announced: "weighted",
    active: "weighted",
    pool,
    expect: { model: "weights", weights: { 1: 3, 2: 1 }, toleranceRequests: 1 },
  });
  it("passes 3:1", () => expect(red(weighted({ 1: 7500, 2: 2500 }))).toEqual([]));
  it("passes an unnamed replica that got nothing", () =>
    expect(red(weighted({ 1: 7500, 2: 2500 }, ["1", "2", "3"]))).toEqual([]));
  it("fails an unnamed replica that got something", () =>
    expect(red(weighted({ 1: 7400, 2: 2400, 3: 200 }, ["1", "2", "3"]))).toEqual(["spread"]));
  it("fails even shares", () => expect(red(weighted({ 1: 5000, 2: 5000 }))).toEqual(["spread"]));
});

describe("pinned", () => {
  const pinned = (keys: [string, Record<string, number>][]): DistributionSamples => ({
    ...even(),
    announced: "sticky-cookie",
    active: "sticky-cookie",
    expect: { model: "pinned", by: "cookie", spreadPoints: 10 },
    keys: new Map(keys.map(([key, value]) => [key, counts(value)])),
  });
  it("passes when each key met one replica", () => {
    expect(
      red(
        pinned([
          ["a", { 1: 5000 }],
          ["b", { 2: 5000 }],
        ]),
      ),
    ).toEqual([]);
  });
  it("fails on a single stray answer", () => {
    expect(
      red(
        pinned([
          ["a", { 1: 4999, 2: 1 }],
          ["b", { 2: 5000 }],
        ]),
      ),
    ).toContain("pinned");
  });
  it("fails when all keys met the same replica although a spread is promised", () => {
    expect(
      red(
        pinned([
          ["a", { 1: 5000 }],
          ["b", { 1: 5000 }],
        ]),
      ),
    ).toEqual(["spread"]);
  });
  it("fails when nothing was seen at all", () => expect(red(pinned([]))).toContain("pinned"));
});

describe("the three sides", () => {
  it("fails when the balancer uses another strategy than announced", () => {
    expect(red({ ...even(), active: "least-conn" })).toEqual(["strategy"]);
  });
  it("fails when a request was not answered", () => {
    expect(red({ ...even({ 1: 5000, 2: 4999 }), unanswered: 1 })).toEqual(["answers"]);
  });
  it("fails when nginx's log disagrees by one request", () => {
    expect(red({ ...even(), proxy: counts({ 1: 5001, 2: 4999 }) })).toEqual(["proxy log"]);
  });
  it("fails when a replica counted less, or more than others can explain", () => {
    expect(red({ ...even(), replica: counts({ 1: 4999, 2: 5000 }) })).toEqual(["replica counters"]);
    expect(red({ ...even(), replica: counts({ 1: 5002, 2: 5000 }) })).toEqual(["replica counters"]);
    expect(red({ ...even(), replica: counts({ 1: 5002, 2: 5000 }), foreign: 2 })).toEqual([]);
  });
});
