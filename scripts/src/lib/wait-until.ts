import { setTimeout as timer } from "node:timers/promises";
import { LabError, reason } from "./errors.ts";

export interface WaitOptions {
  deadlineMs: number;
  /** Pause between two probes; 250 when not given. */
  intervalMs?: number;
  /** Ends the wait early, with the signal's own reason. */
  signal?: AbortSignal;
}

/**
 * The only timer of the lab: asks again and again until the probe gives something other than `undefined` or
 * `false`, and returns that. A probe that throws is asked again; a {@link LabError} with code `wait.stop`
 * ends the wait at once.
 * @param what Names the awaited thing: "nginx to become healthy".
 * @throws LabError `wait.deadline` with what was awaited, for how long, and the last error.
 */
export async function waitUntil<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  options: WaitOptions,
): Promise<T> {
  const { deadlineMs, intervalMs = 250, signal } = options;
  const start = performance.now();
  let last: unknown;
  for (;;) {
    signal?.throwIfAborted();
    const left = deadlineMs - (performance.now() - start);
    try {
      // A probe that hangs must not outlive the deadline.
      const answer = await orDeadline(probe, Math.max(left, 1), signal);
      if (answer !== undefined && answer !== false) return answer;
      last = undefined;
    } catch (error) {
      if (error instanceof LabError && error.code === "wait.stop") throw error.cause ?? error;
      if (error !== HUNG) last = error;
      signal?.throwIfAborted();
    }
    const rest = deadlineMs - (performance.now() - start);
    if (rest <= 0) break;
    await timer(Math.min(intervalMs, rest), undefined, signal ? { signal } : undefined);
  }
  const because = last === undefined ? "" : ` The last error was: ${reason(last)}`;
  throw new LabError(`Waited ${seconds(deadlineMs)} for ${what}, in vain.${because}`, {
    code: "wait.deadline",
    cause: last,
  });
}

/** Thrown inside a probe, it ends the wait with this error instead of asking again. */
export function stopWaiting(error: LabError): LabError {
  return new LabError(error.message, { code: "wait.stop", cause: error });
}

const HUNG = Symbol("hung");

async function orDeadline<T>(probe: () => T | Promise<T>, ms: number, signal?: AbortSignal): Promise<T> {
  const done = new AbortController();
  const signals = signal ? [done.signal, signal] : [done.signal];
  const deadline = timer(ms, undefined, { signal: AbortSignal.any(signals) }).then(() => {
    throw HUNG;
  });
  // When the probe wins, the timer's abortion is of no interest.
  deadline.catch(() => undefined);
  try {
    return await Promise.race([(async () => probe())(), deadline]);
  } finally {
    done.abort();
  }
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}
