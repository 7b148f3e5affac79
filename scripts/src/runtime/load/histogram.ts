import type { LatencySummary } from "../../lib/load-result.ts";

/** Values up to here have a bucket each; 2,048 of them keep three significant figures. */
const EXACT_BITS = 11;
const EXACT = 1 << EXACT_BITS;
/** Buckets of each further octave: its values share `EXACT / 2` steps of equal width. */
const STEPS = EXACT / 2;
/** Microseconds; 35 minutes. */
const LARGEST = 2 ** 31 - 1;

/** What a histogram becomes on its way between threads. */
export type HistogramData = Pick<Histogram, "octaves" | "count" | "sum" | "max">;

/**
 * High dynamic range histogram (the buckets of Gil Tene's HdrHistogram, three significant figures) of whole
 * microseconds. Ours, because Node's own does not tell its buckets, which a plot needs; octaves that hold nothing
 * take no memory, so each second of a load can have a histogram of its own.
 */
export class Histogram {
  octaves: (Uint32Array | undefined)[] = [];
  count = 0;
  sum = 0;
  max = 0;

  /** From what another thread sent. */
  static from(data: HistogramData): Histogram {
    return Object.assign(new Histogram(), data);
  }

  record(microseconds: number): void {
    const value = Math.min(Math.max(Math.round(microseconds), 0), LARGEST);
    const octave = value < EXACT ? 0 : 32 - Math.clz32(value) - EXACT_BITS;
    let steps = this.octaves[octave];
    if (!steps) {
      steps = new Uint32Array(octave === 0 ? EXACT : STEPS);
      this.octaves[octave] = steps;
    }
    const step = octave === 0 ? value : (value >>> octave) - STEPS;
    steps[step] = (steps[step] ?? 0) + 1;
    this.count++;
    this.sum += value;
    if (value > this.max) this.max = value;
  }

  add(other: HistogramData): void {
    other.octaves.forEach((theirs, octave) => {
      if (!theirs) return;
      const ours = this.octaves[octave];
      if (!ours) this.octaves[octave] = theirs.slice();
      else for (let i = 0; i < ours.length; i++) ours[i] = (ours[i] ?? 0) + (theirs[i] ?? 0);
    });
    this.count += other.count;
    this.sum += other.sum;
    this.max = Math.max(this.max, other.max);
  }

  /** Largest value of each bucket that holds something, in microseconds, and how many it holds; ascending. */
  *buckets(): Generator<[value: number, count: number]> {
    for (const [octave, steps] of this.octaves.entries()) {
      if (!steps) continue;
      for (const [step, count] of steps.entries()) {
        if (count === 0) continue;
        const upper = octave === 0 ? step : ((step + STEPS + 1) << octave) - 1;
        yield [Math.min(upper, this.max), count];
      }
    }
  }

  /** Microseconds that the given shares (ascending) of the values do not exceed, by nearest rank; 0 when empty. */
  percentiles(shares: readonly number[]): number[] {
    const found: number[] = [];
    let seen = 0;
    for (const [value, count] of this.buckets()) {
      seen += count;
      while (found.length < shares.length && seen >= rank(shares[found.length] ?? 1, this.count))
        found.push(value);
    }
    return shares.map((_, i) => found[i] ?? this.max);
  }

  /** Milliseconds. */
  summary(): LatencySummary {
    const [p50 = 0, p75 = 0, p90 = 0, p95 = 0, p99 = 0, p999 = 0] = this.percentiles([
      0.5, 0.75, 0.9, 0.95, 0.99, 0.999,
    ]).map((value) => value / 1000);
    const mean = this.count === 0 ? 0 : this.sum / this.count / 1000;
    return { mean, p50, p75, p90, p95, p99, p999, max: this.max / 1000 };
  }
}

/** 0.999 × 1000 is a little more than 999 in binary; the rank must not jump because of it. */
const rank = (share: number, count: number) => Math.max(1, Math.ceil(share * count - 1e-9));
