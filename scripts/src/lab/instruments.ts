import { LabError } from "../lib/errors.ts";
import type { LoadResult } from "../lib/load-result.ts";
import { closedLoad } from "../runtime/closed-loop.ts";
import { refuseUnkept } from "../runtime/load/keeping.ts";
import { closedLoopPercentile, openLoopPercentile } from "../runtime/load/known-latency.ts";
import { KnownServer, type Lateness } from "../runtime/load/known-server.ts";
import { openLoop } from "../runtime/load/open-loop.ts";

/** How far a percentile may be from its analytic value. */
const TOLERANCE = 0.05;
/** Share of a schedule that must have been sent. */
const KEPT = 0.999;
/** Share of its latency that the server itself may be off (p99). It measures that and the analytic value is corrected by
 * it, but a server that is any later is no longer one of known latency. */
const SERVER_ERROR = 0.1;
/** After a stall the server owes hundreds of answers at one moment, and each takes it a little while. */
const BURST = 0.01;
const PUNCTUAL: Lateness = { p50: 0, p99: 0, max: 0 };

/** What is measured; all times in milliseconds. */
export interface Trial {
  latency: number;
  /** Length of the stall; 0 for none. */
  stall: number;
  duration: number;
  /** Requests per second of the open loop. */
  rate: number;
  /** Of the closed loop. Few: they start together and stay in step, so each answer waits for those before it. */
  connections: number;
}

/** Not judged: both programs compile what they need while it runs. */
const WARM_UP: Trial = { latency: 20, stall: 0, duration: 1000, rate: 200, connections: 4 };

/** Constant latency, then the stall. In the closed loop of the second, one request in 252 feels it, less than 1 %. */
export const TRIALS: Trial[] = [
  { latency: 50, stall: 0, duration: 6000, rate: 200, connections: 4 },
  { latency: 50, stall: 1400, duration: 14_000, rate: 200, connections: 4 },
];

export interface Figure {
  generator: LoadResult["generator"];
  situation: string;
  name: "p50" | "p99" | "sent/scheduled";
  /** Milliseconds, or a share. */
  expected: number;
  measured: number;
  ok: boolean;
}

export interface InstrumentsResult {
  pass: boolean;
  figures: Figure[];
  /** How punctual the server was, by situation. */
  server: Record<string, Lateness>;
}

/** The generators under test; other than ours where a test sabotages them. */
export interface Generators {
  open: typeof openLoop;
  closed: typeof closedLoad;
}

export interface InstrumentsOptions {
  signal?: AbortSignal;
  onStep?: (text: string) => void;
  trials?: Trial[];
  /** Share of its latency that the server may be off; 0.1 when not given. */
  serverError?: number;
}

/**
 * Sends both generators' load to a server whose latency is known and compares what they say with the analytic values.
 * @throws LabError with exit code 2 when this machine is too busy for the server or the generators to be on time.
 */
export async function checkInstruments(
  options: InstrumentsOptions,
  { open, closed }: Generators = { open: openLoop, closed: closedLoad },
): Promise<InstrumentsResult> {
  const { signal, trials = TRIALS, serverError = SERVER_ERROR, onStep } = options;
  const figures: Figure[] = [];
  const server: InstrumentsResult["server"] = {};
  await using known = await KnownServer.start();
  const mix = [{ kind: "GET /", weight: 1, method: "GET", path: "/" }];
  const common = { url: known.url, mix, seed: 1, ...(signal ? { signal } : {}) };
  for (const trial of [WARM_UP, ...trials]) {
    const judged = trial !== WARM_UP;
    const situation = judged ? nameOf(trial) : "warm-up";
    const run = async (name: string, load: () => Promise<LoadResult>) => {
      onStep?.(`${situation}: ${name}`);
      const stall = { afterMs: 0.4 * trial.duration, ms: trial.stall };
      await known.behave(trial.latency, trial.stall > 0 ? stall : undefined);
      const result = await load();
      signal?.throwIfAborted();
      const lateness = await known.lateness();
      if (judged) {
        refuseUnpunctual(lateness, serverError * trial.latency + BURST * trial.stall);
        server[`${situation}, ${name}`] = lateness;
      }
      return { result, lateness };
    };
    const opened = await run("open loop", () =>
      open({
        ...common,
        rate: trial.rate,
        durationSeconds: trial.duration / 1000,
        arrivals: "constant",
        connections: "keep-alive",
        runId: "instruments-open",
      }),
    );
    const amount = Math.round(perConnection(trial)) * trial.connections;
    const { connections } = trial;
    const looped = await run("closed loop", () =>
      closed({ ...common, amount, connections, runId: "instruments-closed" }),
    );
    if (!judged) continue;
    // Requests that were dropped are the generator's fault and a red figure; late ones are the machine's.
    if (opened.result.scheduled === opened.result.sent) refuseUnkept(opened.result);
    figures.push(...judgeOpen(opened.result, trial, opened.lateness));
    figures.push(...judgeClosed(looped.result, trial, looped.lateness));
  }
  return { pass: figures.every(({ ok }) => ok), figures, server };
}

/** Pure: what an open loop's result is worth. */
export function judgeOpen(load: LoadResult, trial: Trial, late = PUNCTUAL): Figure[] {
  const { latency, stall, duration } = trial;
  const sent = load.scheduled ? load.sent / load.scheduled : 0;
  return [
    ...percentiles("open loop", load, trial, late, (share) =>
      openLoopPercentile(share, latency, stall, duration),
    ),
    {
      generator: "open loop",
      situation: nameOf(trial),
      name: "sent/scheduled",
      expected: 1,
      measured: sent,
      // More than was asked for is no better than less.
      ok: sent >= KEPT && sent <= 1 && load.scheduled === Math.round((trial.rate * duration) / 1000),
    },
  ];
}

/** Pure: what a closed loop's result is worth. */
export function judgeClosed(load: LoadResult, trial: Trial, late = PUNCTUAL): Figure[] {
  const { latency, stall } = trial;
  return percentiles("closed loop", load, trial, late, (share) =>
    closedLoopPercentile(share, latency, stall, perConnection(trial)),
  );
}

function percentiles(
  generator: LoadResult["generator"],
  load: LoadResult,
  trial: Trial,
  late: Lateness,
  analytic: (share: number) => number,
): Figure[] {
  const one = (name: "p50" | "p99", share: number): Figure => {
    const value = analytic(share);
    // Where the stall decides, the server's own error is lost in it.
    const expected = value === trial.latency ? value + late[name] : value;
    const measured = load.latency[name];
    const ok = Math.abs(measured - expected) <= TOLERANCE * expected;
    return { generator, situation: nameOf(trial), name, expected, measured, ok };
  };
  return [one("p50", 0.5), one("p99", 0.99)];
}

/** Requests that one connection gets done. */
const perConnection = ({ latency, stall, duration }: Trial) => (duration - stall) / latency;

const nameOf = ({ latency, stall }: Trial) =>
  stall > 0 ? `${latency} ms and a stall of ${stall / 1000} s` : `always ${latency} ms`;

function refuseUnpunctual({ p99, max }: Lateness, allowed: number): void {
  if (p99 <= allowed) return;
  throw new LabError(
    `The server of known latency was not punctual itself: its answers left up to ${p99.toFixed(1)} ms late (p99; max ${max.toFixed(1)} ms), ` +
      `at most ${allowed.toFixed(1)} ms is allowed. So nothing is proved, in neither direction.`,
    { code: "instruments.server", hint: "Let fewer other things run on this machine, then try again." },
  );
}
