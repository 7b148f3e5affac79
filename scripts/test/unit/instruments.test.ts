import { describe, expect, it } from "vitest";
import { checkInstruments, judgeClosed, judgeOpen, type Trial } from "../../src/lab/instruments.ts";
import type { LoadResult } from "../../src/lib/load-result.ts";
import { closedLoad } from "../../src/runtime/closed-loop.ts";
import { Histogram } from "../../src/runtime/load/histogram.ts";
import { answerAt } from "../../src/runtime/load/known-latency.ts";
import { Recorder } from "../../src/runtime/load/recorder.ts";
import { toResult } from "../../src/runtime/load/result.ts";
import { readWrk } from "../../src/runtime/wrk.ts";

const trial: Trial = { latency: 50, stall: 1400, duration: 10_000, rate: 200, connections: 10 };

/** What an open loop would say of the trial. `latencyOf` gets due time and answer; the nth request may be dropped. */
function simulated(
  latencyOf: (due: number, answer: number) => number,
  drop = (_: number) => false,
): LoadResult {
  const recorder = new Recorder();
  const stall = { from: 4000, until: 5400 };
  for (let n = 0; n < 2000; n++) {
    if (drop(n)) continue;
    const due = n * 5;
    recorder.recordSent(due, 0.1);
    const latency = latencyOf(due, answerAt(due, trial.latency, stall));
    recorder.recordAnswer({
      at: due,
      latency,
      kind: "GET /",
      status: 200,
      replica: "1",
      strategy: undefined,
    });
  }
  return toResult(recorder, {
    generator: "open loop",
    latencyFrom: "intended send time",
    url: "",
    startedAt: 0,
    durationSeconds: 10,
    scheduled: 2000,
    processor: { busiestThread: 0.1, seconds: 1 },
  });
}
const red = (load: LoadResult) =>
  judgeOpen(load, trial)
    .filter(({ ok }) => !ok)
    .map(({ name }) => name);

describe("judge of the instruments", () => {
  it("passes a generator that measures from the intended time", () => {
    expect(red(simulated((due, answer) => answer - due))).toEqual([]);
  });

  it("goes red when latency begins only when the stalled server lets a request leave", () => {
    const stallEnd = 5400;
    const fromSending = (due: number, answer: number) =>
      answer - (due >= 4000 && due < stallEnd ? stallEnd : due);
    expect(red(simulated(fromSending))).toEqual(["p99"]);
  });

  it("goes red when part of the schedule was dropped", () => {
    expect(
      red(
        simulated(
          (due, answer) => answer - due,
          (n) => n % 500 === 0,
        ),
      ),
    ).toEqual(["sent/scheduled"]);
  });

  it("goes red when every latency is 3 ms too long", () => {
    expect(red(simulated((due, answer) => answer - due + 3))).toEqual(["p50"]);
  });

  it("goes red when a schedule is shorter than was asked for", () => {
    const load = { ...simulated((due, answer) => answer - due), scheduled: 1000, sent: 1000 };
    expect(red(load)).toEqual(["sent/scheduled"]);
  });

  it("expects of a closed loop that only one request per connection feels the stall", () => {
    const load = simulated(() => 50);
    expect(judgeClosed(load, trial).every(({ ok }) => ok)).toBe(true);
    const honest = simulated((due, answer) => answer - due);
    expect(judgeClosed(honest, trial).map(({ ok }) => ok)).toEqual([true, false]);
  });
});

describe("instruments", { timeout: 60_000 }, () => {
  it("catch a closed loop that passes itself off as an open one", async () => {
    const short = { ...trial, duration: 4000, stall: 1000, rate: 100 };
    const checked = await checkInstruments(
      // The server's own punctuality is another matter, and this machine may be busy.
      { trials: [short], serverError: Number.POSITIVE_INFINITY },
      {
        closed: closedLoad,
        open: async ({ url, mix, seed, runId }) => {
          const load = await closedLoad({ url, mix, seed, runId, amount: 600, connections: 5 });
          return { ...load, generator: "open loop", scheduled: 400, sent: 400 };
        },
      },
    );
    expect(checked.pass).toBe(false);
    const wrong = checked.figures.filter(({ ok }) => !ok);
    expect(wrong).toContainEqual(expect.objectContaining({ generator: "open loop", name: "p99" }));
  });
});

describe("recorder", () => {
  it("gives a second without a request its place in the timeline", () => {
    const recorder = new Recorder();
    recorder.recordSent(200, 0);
    recorder.recordUnanswered(200);
    recorder.recordSent(2500, 20);
    recorder.recordAnswer({
      at: 2500,
      latency: 4,
      kind: "a",
      status: 500,
      replica: "2",
      strategy: undefined,
    });
    const copy = new Recorder();
    copy.merge(structuredClone({ ...recorder }));
    const { timeline, late, failed, perReplica } = toResult(copy, {
      generator: "open loop",
      latencyFrom: "intended send time",
      url: "",
      startedAt: 0,
      durationSeconds: 3,
      scheduled: 3,
      processor: { busiestThread: 0, seconds: 0 },
    });
    expect(timeline.map(({ sent, failed, unanswered }) => [sent, failed, unanswered])).toEqual([
      [1, 0, 1],
      [0, 0, 0],
      [1, 1, 0],
    ]);
    expect(timeline[1]?.latency).toBeNull();
    // One left 20 ms late, one never.
    expect(late).toBe(2);
    expect(failed).toEqual({ 500: 1 });
    expect(perReplica).toEqual({});
    expect(new Histogram().count).toBe(0);
  });
});

describe("wrk's own report", () => {
  const text = "  96907 requests in 3.03s, 33.92MB read\nRequests/sec:  31962.63\nprocessor 0.173 0.672\n";
  it("is read", () => {
    expect(readWrk(text)).toEqual({ requests: 96907, seconds: 0.845 });
  });

  it("is refused when requests failed or nothing can be read", () => {
    expect(() => readWrk(`${text}  Non-2xx or 3xx responses: 5\n`)).toThrow(/met errors/);
    expect(() => readWrk("unable to connect to 127.0.0.1:1 Connection refused")).toThrow(
      /nothing that can be read/,
    );
  });
});
