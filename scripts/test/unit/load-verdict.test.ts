import { describe, expect, it } from "vitest";
import { judgeLoad, type LoadSamples } from "../../src/lab/load-verdict.ts";
import type { Expectation } from "../../src/lab/strategies.ts";
import type { LoadResult } from "../../src/lib/load-result.ts";
import { loadResult } from "../support/evidence.ts";

const EVEN = { model: "even", toleranceRequests: 1 } as const;

function samples(load: Partial<LoadResult> = {}, rest: Partial<LoadSamples> = {}): LoadSamples {
  const all = { ...loadResult({ seconds: 2, rate: 100 }), ...load };
  const replicaCounters = Object.fromEntries(
    Object.entries(all.perReplica).map(([id, { answers }]) => [id, answers]),
  );
  return { strategy: "round-robin", promise: EVEN, pool: ["1", "2"], replicaCounters, load: all, ...rest };
}

const red = (one: LoadSamples) =>
  judgeLoad(one)
    .findings.filter(({ ok }) => !ok)
    .map(({ name }) => name);

describe("the verdict of a load test", () => {
  it("passes when all were answered and each replica had its share", () => {
    expect(judgeLoad(samples())).toMatchObject({ pass: true, spreadJudged: true, remarks: [] });
  });

  it("fails when one replica got three times as much", () => {
    const load = loadResult({ seconds: 2, rate: 100, replicas: { 1: 3, 2: 1 } });
    expect(red(samples(load))).toEqual(["spread"]);
  });
  it("passes the same shares where the strategy promises them", () => {
    const load = loadResult({ seconds: 2, rate: 100, replicas: { 1: 3, 2: 1 } });
    const promise: Expectation = { model: "weights", weights: { 1: 3, 2: 1 }, toleranceRequests: 1 };
    expect(red(samples(load, { promise, strategy: "round-robin" }))).toEqual([]);
  });
  it("fails when a replica of the pool got nothing", () => {
    expect(red(samples({}, { pool: ["1", "2", "3"] }))).toEqual(["spread"]);
  });

  it("fails on a single answer that was not good, or did not come", () => {
    expect(red(samples({ failed: { "502": 1 }, sent: 201 }))).toEqual(["answers"]);
    expect(red(samples({ unanswered: 1, sent: 201 }))).toEqual(["answers"]);
  });
  it("takes sold out for an answer, but only where something was bought", () => {
    const soldOut = { failed: { "409": 6 }, sent: 206 };
    expect(red(samples(soldOut))).toContain("answers");
    const { perKind } = loadResult({ seconds: 1, rate: 10 });
    const buying = { ...soldOut, perKind: { ...perKind, "POST /purchase": perKind["GET /products"]! } };
    const counted = samples(buying);
    expect(red({ ...counted, replicaCounters: { 1: 104, 2: 102 } })).toEqual([]);
  });

  describe("with sold out answers", () => {
    const { perKind } = loadResult({ seconds: 1, rate: 10 });
    const buying = { ...perKind, "POST /purchase": perKind["GET /products"]! };
    const sold = (soldOut: number, load = loadResult({ seconds: 2, rate: 100 })) => {
      const sent = load.sent + soldOut;
      const one = samples({ ...load, failed: { "409": soldOut }, sent, perKind: buying });
      const [first, ...rest] = Object.entries(one.replicaCounters);
      return { ...one, replicaCounters: Object.fromEntries([[first![0], first![1] + soldOut], ...rest]) };
    };

    it("judges the spread up to one in twenty, and says how many there were", () => {
      expect(judgeLoad(sold(10))).toMatchObject({
        pass: true,
        spreadJudged: true,
        remarks: [expect.stringContaining('10 purchases were answered "sold out" (409)')],
      });
    });
    it("does not let them hide a lopsided spread: with more it is not judged", () => {
      const lopsided = loadResult({ seconds: 2, rate: 100, replicas: { 1: 3, 2: 1 } });
      expect(judgeLoad(sold(60, lopsided))).toMatchObject({
        pass: true,
        spreadJudged: false,
        expected: null,
        remarks: [expect.stringMatching(/^The spread was not judged.*npm run lab:reset/), expect.anything()],
      });
      expect(red(sold(5, lopsided))).toEqual(["spread"]);
    });
    it("fails when nothing else was answered", () => {
      const none = { ...loadResult({ seconds: 2, rate: 100 }), ok: 0, perReplica: {} };
      const all = { ...none, failed: { "409": 200 }, sent: 200, perKind: buying };
      expect(red(samples(all, { replicaCounters: { 1: 100, 2: 100 } }))).toEqual(["answers"]);
    });
  });

  it("fails when the strategy changed during the load", () => {
    expect(red(samples({ strategies: { "round-robin": 150, "least-conn": 50 } }))).toEqual(["strategy"]);
  });
  it("fails when a replica counted fewer than it answered", () => {
    expect(red(samples({}, { replicaCounters: { 1: 99, 2: 101 } }))).toEqual(["replica counters"]);
  });
  it("allows for requests of others, which take turns, too", () => {
    expect(red(samples({}, { replicaCounters: { 1: 101, 2: 101 } }))).toEqual([]);
  });

  it("says when the generator was the limit", () => {
    const busy = judgeLoad(samples({ processor: { busiestThread: 0.93, seconds: 2 } }));
    expect(busy.remarks).toEqual([expect.stringContaining("used 93 % of a core")]);
  });

  it("judges one address by where it went, and says what it cannot judge", () => {
    const all = loadResult({ seconds: 2, rate: 100, replicas: { 2: 1 } });
    const load = { ...all, strategies: { "ip-hash": 200 } };
    const address: Expectation = { model: "pinned", by: "address" };
    expect(red(samples(load, { promise: address, strategy: "ip-hash" }))).toEqual([]);
    const both = { ...loadResult({ seconds: 2, rate: 100 }), strategies: { "ip-hash": 200 } };
    expect(red(samples(both, { promise: address, strategy: "ip-hash" }))).toEqual(["pinned"]);
    const cookie: Expectation = { model: "pinned", by: "cookie", spreadPoints: 10 };
    expect(judgeLoad(samples({}, { promise: cookie }))).toMatchObject({
      pass: true,
      spreadJudged: false,
      remarks: [expect.stringContaining("lab:check")],
    });
  });
});
