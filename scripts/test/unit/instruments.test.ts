import { describe, expect, it } from "vitest";
import { checkInstruments, machinesFault } from "../../src/lab/instruments.ts";
import {
  isMachines,
  judgeClosed,
  judgeOpen,
  latenessOf,
  type Trial,
} from "../../src/lab/instruments-judge.ts";
import type { LoadResult } from "../../src/lib/load-result.ts";
import { closedLoad } from "../../src/runtime/closed-loop.ts";
import { Histogram } from "../../src/runtime/load/histogram.ts";
import { answerAt } from "../../src/runtime/load/known-latency.ts";
import type { Served } from "../../src/runtime/load/known-server.ts";
import { Recorder } from "../../src/runtime/load/recorder.ts";
import { toResult } from "../../src/runtime/load/result.ts";
import { seeded } from "../../src/runtime/traffic-mix.ts";
import { readWrk } from "../../src/runtime/wrk.ts";

const trial: Trial = {
  ...{ latency: 50, stall: 1400, duration: 10_000, rate: 200, connections: 4, perConnection: 252 },
};
const stall = { from: 4000, until: 5400 };
/** Where the clock of the server's record begins; the generator's begins at 0. */
const EPOCH = 1_000_000;

interface Shape {
  /** What the generator says of a request; the truth when not given. */
  says?: (due: number, read: number) => number | null;
  /** The nth request never leaves. */
  drop?: (n: number) => boolean;
  /** How many milliseconds too late the machine wakes the server. */
  late?: (n: number) => number;
}

/** A load of 2000 requests, one every 5 ms, and what the server's record says of it. */
function simulated({
  says = (due, read) => read - due,
  drop = () => false,
  late = () => 0,
}: Shape): [LoadResult, Trial, Served[]] {
  const recorder = new Recorder();
  const served: Served[] = [];
  for (let n = 0; n < 2000; n++) {
    if (drop(n)) continue;
    const at = n * 5;
    const due = answerAt(at, trial.latency, stall);
    const written = due + late(n);
    served.push({ n, connection: n % 100, arrival: EPOCH + at, due: EPOCH + due, written: EPOCH + written });
    recorder.recordSent(at, 0.1);
    const latency = says(at, written);
    if (latency === null) continue;
    recorder.recordAnswer({ at, latency, kind: "GET /", status: 200, replica: "1", strategy: undefined });
  }
  const load = toResult(recorder, {
    generator: "open loop",
    latencyFrom: "intended send time",
    url: "",
    startedAt: 0,
    durationSeconds: 10,
    scheduled: 2000,
    processor: { busiestThread: 0.1, seconds: 1 },
  });
  return [load, trial, served];
}
/** A closed loop of 4 connections; the machine lets every answer lie for a while before it is read. */
function looped({ says = (sent, read) => read - sent, late = () => 0 }: Shape, lies = (_: number) => 0.1) {
  const recorder = new Recorder();
  const served: Served[] = [];
  for (let connection = 0; connection < 4; connection++) {
    let at = 0;
    for (let i = 0; i < 252; i++) {
      const n = 4 * i + connection;
      const arrival = at + 0.1;
      const due = answerAt(arrival, trial.latency, stall);
      const written = due + late(n);
      served.push({ n, connection, arrival: EPOCH + arrival, due: EPOCH + due, written: EPOCH + written });
      const read = written + lies(n);
      const latency = says(at, read);
      recorder.recordSent(at, 0);
      if (latency !== null)
        recorder.recordAnswer({ at, latency, kind: "GET /", status: 200, replica: "1", strategy: undefined });
      at = read;
    }
  }
  const load = toResult(recorder, {
    generator: "closed loop",
    latencyFrom: "send time",
    url: "",
    startedAt: 0,
    durationSeconds: 14,
    scheduled: null,
    processor: { busiestThread: 0.1, seconds: 1 },
  });
  return [load, trial, served] as const;
}
const names = (figures: ReturnType<typeof judgeOpen>) =>
  figures.filter(({ ok }) => !ok).map(({ name }) => name);
const redOpen = (shape: Shape) => names(judgeOpen(...simulated(shape)));
const redClosed = (shape: Shape, lies?: (n: number) => number) => names(judgeClosed(...looped(shape, lies)));
/** One request in twenty is served up to 20 ms late. */
const busy = () => {
  const random = seeded(7);
  const late = Array.from({ length: 2000 }, () => (random() < 0.05 ? 20 * random() : 0.1));
  return (n: number) => late[n] ?? 0;
};

describe("judge of the instruments", () => {
  it("passes generators that measure what is there", () => {
    expect(redOpen({})).toEqual([]);
    expect(redClosed({})).toEqual([]);
  });

  it("passes them also when the machine woke the server too late, and them alone", () => {
    expect(redOpen({ late: busy() })).toEqual([]);
    expect(redClosed({ late: busy() })).toEqual([]);
    expect(redOpen({ late: busy(), says: (due, read) => read - due + 3 })).toEqual(["p50"]);
    expect(redOpen({ late: busy(), says: (due, read) => 1.06 * (read - due) })).toEqual(["p50", "p99"]);
  });

  it("passes a closed loop whose answers the machine let lie, up to a quarter of their time", () => {
    expect(redClosed({}, (n) => (n % 50 === 0 ? 9 : 0.1))).toEqual([]);
    expect(redClosed({}, (n) => (n % 50 === 0 ? 20 : 0.1))).toEqual(["p99"]);
    const p99 = judgeClosed(...looped({}, (n) => (n % 50 === 0 ? 9 : 0.1))).find(
      ({ name }) => name === "p99",
    );
    expect(p99?.between?.map(Math.round)).toEqual([50, 59]);
  });

  it("goes red when a closed loop says of its slowest what cannot be", () => {
    let answers = 0;
    const worse = (sent: number, read: number) => read - sent + (answers++ % 50 === 0 ? 9 : 0);
    expect(redClosed({ says: worse })).toEqual(["p99"]);
  });

  it("goes red when latency begins only when the stalled server lets a request leave", () => {
    const begins = (due: number) => (due >= stall.from && due < stall.until ? stall.until : due);
    expect(redOpen({ says: (due, read) => read - begins(due) })).toEqual(["p99"]);
  });

  it("goes red when part of the schedule was dropped", () => {
    expect(redOpen({ drop: (n) => n % 500 === 0 })).toEqual(["sent/scheduled"]);
  });

  it("goes red when slow answers were left out", () => {
    const quick = (due: number, read: number) => (read - due > 1000 ? null : read - due);
    expect(redOpen({ says: quick })).toEqual(["p99", "recorded/served"]);
    expect(redClosed({ says: quick })).toContain("recorded/served");
  });

  it("goes red when every latency is 3 ms too long or too short", () => {
    for (const error of [3, -3]) {
      expect(redOpen({ says: (due, read) => read - due + error })).toEqual(["p50"]);
      expect(redClosed({ says: (sent, read) => read - sent + error })).toContain("p50");
    }
  });

  it("goes red when a clock runs 6 % too fast", () => {
    expect(redClosed({ says: (due, read) => 1.06 * (read - due) })).toEqual(["p50", "p99"]);
  });

  it("goes red when a schedule is shorter than was asked for, or slower", () => {
    const [load, , served] = simulated({});
    expect(names(judgeOpen({ ...load, scheduled: 1000, sent: 1000 }, trial, served))).toEqual([
      "sent/scheduled",
    ]);
    // As requested it would be over after 10 s; this one takes 10.1 s and knows nothing of it.
    const slower = served.map((one) => ({ ...one, written: one.written + 0.05 * one.n }));
    expect(names(judgeOpen(load, trial, slower))).toContain("p50");
  });

  it("goes red when nothing arrived at all", () => {
    const [load] = simulated({});
    expect(names(judgeOpen(load, trial, []))).toContain("sent/scheduled");
    expect(names(judgeClosed(load, trial, []))).toContain("recorded/served");
  });
});

describe("the fault of the machine", () => {
  const punctual = { p50: 0.1, p99: 0.3, max: 1 };
  const late = { p50: 0.1, p99: 4, max: 30 };
  const figure = { generator: "closed loop", situation: "", name: "p99", expected: 50, ok: false } as const;

  it("is what it was seen to be late, not more, and nothing on a punctual machine", () => {
    expect(isMachines({ ...figure, measured: 57 }, late)).toBe(true);
    expect(isMachines({ ...figure, measured: 61 }, late)).toBe(false);
    expect(isMachines({ ...figure, measured: 53 }, punctual)).toBe(false);
    expect(isMachines({ ...figure, name: "recorded/served", expected: 1, measured: 0.99 }, late)).toBe(false);
  });

  it("never excuses a run in which a generator was wrong", () => {
    const [load] = simulated({});
    const wrong = { ...figure, name: "p50" as const, measured: 56 };
    const off = { ...figure, measured: 57 };
    expect(machinesFault(trial, load, [off, wrong], late)).toBeNull();
    expect(machinesFault(trial, load, [off], late)).toContain("p99 was 57.0 ms instead of 50.0 ms");
    expect(machinesFault(trial, load, [{ ...off, ok: true }], late)).toBeNull();
  });

  it("is also a server that was far too late, and a schedule that was not kept", () => {
    const [load] = simulated({});
    expect(machinesFault(trial, load, [], { ...late, p99: 27 })).toContain("not punctual itself");
    expect(machinesFault(trial, { ...load, late: 40 }, [], punctual)).toContain("98.00 % of its schedule");
  });

  it("is read from the server's record", () => {
    const [, , served] = simulated({ late: (n) => (n < 40 ? 12 : 0.5) });
    expect(latenessOf(served)).toEqual({ p50: 0.5, p99: 12, max: 12 });
  });
});

describe("instruments", { timeout: 60_000 }, () => {
  it("catch a closed loop that passes itself off as an open one", async () => {
    const short = { ...trial, duration: 4000, stall: 1000, rate: 100 };
    const checked = await checkInstruments(
      { trials: [short] },
      {
        closed: async () => looped({})[0],
        open: async ({ url, mix, seed, runId }) => {
          const load = await closedLoad({ url, mix, seed, runId, amount: 600, connections: 5 });
          return { ...load, generator: "open loop", scheduled: 400, sent: 400 };
        },
      },
    );
    expect(checked).toMatchObject({ pass: false, repeats: [] });
    const wrong = checked.figures.filter(({ ok }) => !ok);
    expect(wrong).toContainEqual(expect.objectContaining({ generator: "open loop", name: "p99" }));
    // Its answers are from nowhere, and the server knows that.
    expect(wrong).toContainEqual(
      expect.objectContaining({ generator: "closed loop", name: "recorded/served" }),
    );
  });
});

describe("recorder", () => {
  it("gives a second without a request its place in the timeline", () => {
    const recorder = new Recorder();
    recorder.recordSent(200, 0);
    recorder.recordUnanswered(200);
    recorder.recordSent(2500, 30);
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
    // One left 30 ms late, one never.
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
