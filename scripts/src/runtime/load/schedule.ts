import { seeded } from "../traffic-mix.ts";

export interface ScheduleOptions {
  /** Requests per second. */
  rate: number;
  durationSeconds: number;
  arrivals: "constant" | "poisson";
  seed: number;
  /** Of the kinds of request. */
  weights: readonly number[];
}

/** Separates the draws for kinds from those for times, so that both arrivals ask the same things in the same order. */
const KINDS = 0x5f3759df;

/**
 * Which request leaves when: a pure function of its options, so every worker walks the whole schedule and takes its
 * own share, and a load can be repeated from its seed.
 */
export class Schedule {
  /** Number of the current request, from 0; −1 before the first. */
  n = -1;
  /** Milliseconds since the beginning of the load. */
  dueMs = 0;
  /** Index of its kind. */
  kind = 0;
  readonly #options: ScheduleOptions;
  readonly #endMs: number;
  readonly #constantTotal: number;
  readonly #time: () => number;
  readonly #draw: () => number;
  readonly #total: number;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#endMs = options.durationSeconds * 1000;
    this.#constantTotal = Math.max(1, Math.round(options.rate * options.durationSeconds));
    this.#time = seeded(options.seed);
    this.#draw = seeded((options.seed ^ KINDS) >>> 0);
    this.#total = options.weights.reduce((sum, weight) => sum + weight, 0);
  }

  /** Goes on to the next request; false when there is none. */
  next(): boolean {
    const { arrivals, rate } = this.#options;
    this.n++;
    if (arrivals === "constant") {
      if (this.n >= this.#constantTotal) return false;
      this.dueMs = (this.n * 1000) / rate;
    } else {
      // Gaps of a Poisson process are exponentially distributed; 1 − u is never 0.
      this.dueMs += (-Math.log(1 - this.#time()) / rate) * 1000;
      if (this.dueMs >= this.#endMs) return false;
    }
    this.kind = this.#pick(this.#draw() * this.#total);
    return true;
  }

  /** Goes on to the next request of this worker; false when there is none. */
  nextOf(worker: number, workers: number): boolean {
    while (this.next()) if (this.n % workers === worker) return true;
    return false;
  }

  #pick(draw: number): number {
    const { weights } = this.#options;
    let end = 0;
    for (let kind = 0; kind < weights.length - 1; kind++) {
      end += weights[kind] ?? 0;
      if (draw < end) return kind;
    }
    return weights.length - 1;
  }
}

/** How many requests were due before a moment, in milliseconds since the beginning. */
export function dueBefore(options: ScheduleOptions, endMs = Number.POSITIVE_INFINITY): number {
  const schedule = new Schedule(options);
  let count = 0;
  while (schedule.next() && schedule.dueMs < endMs) count++;
  return count;
}
