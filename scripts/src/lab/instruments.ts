import { LabError } from "../lib/errors.ts";
import type { LoadResult } from "../lib/load-result.ts";
import { closedLoad } from "../runtime/closed-loop.ts";
import { keptShare, refuseUnkept } from "../runtime/load/keeping.ts";
import { KnownServer, type Served } from "../runtime/load/known-server.ts";
import { openLoop } from "../runtime/load/open-loop.ts";
import {
  type Figure,
  isMachines,
  judgeClosed,
  judgeOpen,
  type Lateness,
  latenessOf,
  nameOf,
  type Trial,
} from "./instruments-judge.ts";

/**
 * Share of its latency that the server may be late (p99). What it is late is in its record and cancels, but a server
 * that is any later has no latency that one could call known.
 */
const SERVER_ERROR = 0.25;
/** After a stall the server owes hundreds of answers at one moment, and each takes it a little while. */
const BURST = 0.01;
/** How often a run is measured at most when the machine was at fault. */
const ATTEMPTS = 3;

/** Not judged: both programs compile what they need while it runs. */
const WARM_UP: Trial = {
  ...{ latency: 20, stall: 0 },
  ...{ duration: 1000, rate: 200, connections: 4, perConnection: 50 },
};

/**
 * Constant latency, then the stall. Of a closed loop's requests only one per connection feels it, here 4 of 1008,
 * less than 1 %; of those of an open loop every one that comes meanwhile.
 */
export const TRIALS: Trial[] = [
  { latency: 50, stall: 0, duration: 6000, rate: 200, connections: 4, perConnection: 252 },
  { latency: 50, stall: 1400, duration: 8000, rate: 200, connections: 4, perConnection: 252 },
];

export interface InstrumentsResult {
  pass: boolean;
  figures: Figure[];
  /** How punctual the server was, by situation. */
  server: Record<string, Lateness>;
  /** What was measured again because the machine was at fault, and why, one sentence each. */
  repeats: string[];
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
}

interface Run {
  load: LoadResult;
  served: Served[];
}

/**
 * Sends both generators' load to a server whose latency is known and compares what they say with what the server's
 * own record says of the same requests, so that a server which was late itself is no generator's fault.
 *
 * A run in which the machine was at fault is measured again, three times at most: the server was far too late, the
 * open loop could not keep its schedule, or a figure is off by no more than the machine is known to have been late in
 * that run. What is off by more, or on a punctual machine, is the generator's fault, and no run is repeated for it.
 * @throws LabError with exit code 2 when the machine was at fault three times.
 */
export async function checkInstruments(
  options: InstrumentsOptions,
  { open, closed }: Generators = { open: openLoop, closed: closedLoad },
): Promise<InstrumentsResult> {
  const { signal, trials = TRIALS, onStep } = options;
  const result: InstrumentsResult = { pass: true, figures: [], server: {}, repeats: [] };
  await using known = await KnownServer.start();
  const mix = [{ kind: "GET /", weight: 1, method: "GET", path: "/" }];
  const common = { url: known.url, mix, seed: 1, ...(signal ? { signal } : {}) };

  const run = async ({ latency, stall, duration }: Trial, load: () => Promise<LoadResult>): Promise<Run> => {
    const planned = { afterMs: 0.4 * duration, ms: stall };
    await known.behave(latency, stall > 0 ? planned : undefined);
    const measured = await load();
    signal?.throwIfAborted();
    return { load: measured, served: await known.served() };
  };
  const opened = (trial: Trial) =>
    run(trial, () =>
      open({
        ...common,
        rate: trial.rate,
        durationSeconds: trial.duration / 1000,
        arrivals: "constant",
        connections: "keep-alive",
        runId: "instruments-open",
      }),
    );
  const looped = (trial: Trial) =>
    run(trial, () =>
      closed({
        ...common,
        amount: trial.perConnection * trial.connections,
        connections: trial.connections,
        runId: "instruments-closed",
      }),
    );

  onStep?.("warm-up");
  await opened(WARM_UP);
  await looped(WARM_UP);
  for (const trial of trials)
    for (const [name, measure, judge] of [
      ["open loop", opened, judgeOpen],
      ["closed loop", looped, judgeClosed],
    ] as const) {
      const situation = `${nameOf(trial)}, ${name}`;
      for (let attempt = 1; ; attempt++) {
        onStep?.(attempt === 1 ? situation : `${situation}: again, ${attempt} of ${ATTEMPTS}`);
        const { load, served } = await measure(trial);
        const late = latenessOf(served);
        const figures = judge(load, trial, served);
        const why = machinesFault(trial, load, figures, late);
        if (why === null) {
          result.figures.push(...figures);
          result.server[situation] = late;
          break;
        }
        if (attempt === ATTEMPTS) throw notMeasured(situation, why);
        result.repeats.push(`${situation}: measured again, because ${why}.`);
      }
    }
  return { ...result, pass: result.figures.every(({ ok }) => ok) };
}

/** Pure: why a run says nothing about the generator; null when it does, be it good or bad. */
export function machinesFault(
  { latency, stall }: Trial,
  load: LoadResult,
  figures: Figure[],
  late: Lateness,
): string | null {
  const red = figures.filter(({ ok }) => !ok);
  if (red.some((figure) => !isMachines(figure, late))) return null;
  if (late.p99 > SERVER_ERROR * latency + BURST * stall)
    return `the server was not punctual itself: its answers left up to ${ms(late.p99)} late (p99; max ${ms(late.max)})`;
  const kept = keeping(load);
  if (kept) return kept;
  const [first] = red;
  if (!first) return null;
  return `${first.name} was ${ms(first.measured)} instead of ${ms(first.expected)} while the machine woke the server up to ${ms(late.p99)} late (p99)`;
}

/** What `refuseUnkept` says of an open loop. */
function keeping(load: LoadResult): string | null {
  try {
    refuseUnkept(load);
    return null;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return `the open loop kept only ${(100 * keptShare(load)).toFixed(2)} % of its schedule and its busiest thread used ${Math.round(100 * load.processor.busiestThread)} % of a core`;
  }
}

const ms = (value: number) => `${value.toFixed(1)} ms`;

const notMeasured = (situation: string, why: string) =>
  new LabError(
    `This machine is too busy to prove anything, in either direction. ${situation}, ${ATTEMPTS} times; the last time ${why}.`,
    { code: "instruments.server", hint: "Let fewer other things run on this machine, then try again." },
  );
