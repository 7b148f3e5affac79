import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { commandOf, planFrom } from "../../src/commands/loadtest.ts";
import { DEFAULT_MIX } from "../../src/lab/load-mix.ts";
import { cutOff } from "../../src/lab/loadtest.ts";
import { curve, loadtestText } from "../../src/report/loadtest-text.ts";
import { loadResult, loadtestEvidence } from "../support/evidence.ts";

const NOTHING = {
  ...{ requests: undefined, connections: undefined, rate: undefined, duration: undefined },
  ...{ arrivals: undefined, workers: undefined, seed: undefined, mix: DEFAULT_MIX },
};

describe("the options of a load test", () => {
  it("are 10,000 requests in a closed loop when none are given", () => {
    expect(planFrom(NOTHING)).toMatchObject({ loop: "closed", requests: 10_000, connections: 50 });
  });

  it("make an open loop with a rate, and the command that repeats it", () => {
    const plan = planFrom({
      ...NOTHING,
      rate: "500",
      arrivals: "poisson",
      "new-connections": true,
      seed: "7",
    });
    expect(plan).toMatchObject({ loop: "open", rate: 500, durationSeconds: 10, newConnections: true });
    expect(commandOf(plan)).toBe(
      'npm run loadtest -- --rate 500 --duration 10 --arrivals poisson --new-connections --mix "GET /products=8,GET /stock=2" --seed 7',
    );
  });

  it.each([
    [{ duration: "10" }, "--duration needs --rate"],
    [{ "new-connections": true }, "--new-connections needs --rate"],
    [{ rate: "10", requests: "100" }, "--requests does not go with --rate"],
    [{ rate: "many" }, '--rate must be a whole number from 1 to 100000, not "many".'],
    [{ rate: "10", arrivals: "poison" }, 'not "poison"; the nearest is "poisson".'],
    [{ seed: "-1" }, "--seed must be a whole number"],
  ])("%j is refused with a sentence", (words, sentence) => {
    expect(() => planFrom({ ...NOTHING, ...words })).toThrow(sentence);
  });
});

describe("Ctrl-C", () => {
  it("excuses as many requests as were under way, and no more", () => {
    expect(cutOff(planFrom({ ...NOTHING, connections: "30" }))).toBe(30);
    expect(cutOff(planFrom({ ...NOTHING, rate: "500" }))).toBe(0);
  });
});

describe("a load test in the terminal", () => {
  it("shows each replica's share, the verdict and what failed", () => {
    const good = stripVTControlCharacters(loadtestText(loadtestEvidence()));
    expect(good).toContain("PASS: nothing failed, and the spread is what round-robin promises.");
    expect(good).toContain("500 answers/s over 20.0 s; 0 requests of 10,000 failed");
    const uneven = loadtestEvidence(loadResult({ seconds: 2, rate: 100, replicas: { 1: 3, 2: 1 } }));
    expect(stripVTControlCharacters(loadtestText(uneven))).toContain("FAIL");
  });

  it("calls sold out what is sold out, and not failed", () => {
    const load = loadResult({ seconds: 2, rate: 100 });
    load.failed = { 409: 6 };
    load.sent += 6;
    load.perKind = { ...load.perKind, "POST /purchase": load.perKind["GET /products"]! };
    const text = stripVTControlCharacters(loadtestText(loadtestEvidence(load)));
    expect(text).toContain("0 requests of 206 failed, 6 were sold out");
    expect(text).toContain('6 purchases were answered "sold out" (409)');
  });

  it("draws a curve that shows its highest point however long the load was", () => {
    expect(curve([1, 2, 4, 8])).toBe("▂▃▅█");
    const long = Array.from({ length: 3600 }, (_, i) => (i === 1800 ? 100 : 10));
    expect(curve(long)).toHaveLength(60);
    expect(curve(long)).toContain("█");
  });
});
