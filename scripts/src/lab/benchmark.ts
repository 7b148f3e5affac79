/** One figure of `npm run bench`: a ratio of two things measured side by side in this run, or a size. */
export interface BenchmarkFigure {
  /** What was measured, with its unit. */
  name: string;
  value: number;
  /** `"ratio"`, `"ms"`, `"s"`, `"MiB"` */
  unit: string;
  /** The bound and on which side of it is good. */
  goal: { atLeast: number } | { atMost: number };
  /** The raw figures behind it. */
  detail: string;
}

/** A file in `benchmarks/`; its id is the file name. */
export interface Benchmark {
  summary: string;
  /** @param say Told what is being measured right now. */
  run: (context: BenchmarkContext) => Promise<BenchmarkFigure[]>;
}

export interface BenchmarkContext {
  say: (text: string) => void;
  signal: AbortSignal;
}

export function defineBenchmark(benchmark: Benchmark): Benchmark {
  return benchmark;
}

/** Says what is wrong when a file's default export is no benchmark. */
export function checkBenchmark(exported: unknown): Benchmark {
  const benchmark = exported as Partial<Benchmark> | undefined;
  if (typeof benchmark?.run !== "function" || !benchmark.summary)
    throw new Error("its default export is not a defineBenchmark(…).");
  return benchmark as Benchmark;
}

export const meetsGoal = ({ value, goal }: BenchmarkFigure): boolean =>
  "atLeast" in goal ? value >= goal.atLeast : value <= goal.atMost;

/**
 * Measures two things in turn, A B A B …, so that a machine that slows down slows both.
 * @returns the ratio A/B of each pair, and all values.
 */
export async function sideBySide(
  pairs: number,
  a: () => Promise<number>,
  b: () => Promise<number>,
): Promise<{ ratios: number[]; a: number[]; b: number[] }> {
  const values = { ratios: [] as number[], a: [] as number[], b: [] as number[] };
  for (let pair = 0; pair < pairs; pair++) {
    const [first, second] = [await a(), await b()];
    values.a.push(first);
    values.b.push(second);
    values.ratios.push(first / second);
  }
  return values;
}

/** `4,312 · 4,401 · 4,287` */
export const list = (values: number[], digits = 0): string =>
  values.map((value) => value.toLocaleString("en-US", { maximumFractionDigits: digits })).join(" · ");
