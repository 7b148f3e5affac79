import { setInterval as ticks } from "node:timers/promises";

/** Requests leave in steps of this many milliseconds. */
const STEP_MS = 2;

export interface PaceOptions {
  /** Per second. */
  rate: number;
  durationSeconds: number;
  signal?: AbortSignal;
  /** Called about once per step, also when nothing was due. */
  onStep?: (elapsedSeconds: number) => void;
}

/**
 * Starts work at a steady rate, whether or not earlier work is done, then waits for all of it.
 * @param work Gets the moment it was due (`performance.now()`). Must not reject: whoever paces counts failures.
 * @returns how often work was started.
 */
export async function pace(options: PaceOptions, work: (dueAt: number) => Promise<void>): Promise<number> {
  const { rate, durationSeconds, signal } = options;
  const total = Math.max(1, Math.round(rate * durationSeconds));
  const inFlight = new Set<Promise<void>>();
  const start = performance.now();
  let started = 0;
  for await (const _ of ticks(STEP_MS)) {
    const elapsed = (performance.now() - start) / 1000;
    while (started < total && started <= elapsed * rate) {
      const one = work(start + (started / rate) * 1000);
      started++;
      inFlight.add(one);
      void one.finally(() => inFlight.delete(one));
    }
    options.onStep?.(elapsed);
    if (started >= total || signal?.aborted) break;
  }
  await Promise.all(inFlight);
  return started;
}
