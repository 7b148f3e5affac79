import { type RatioInterval, ratioInterval } from "../lib/ratio-interval.ts";
import { median } from "../lib/statistics.ts";
import type { ComparePoint, EvidenceVerdict } from "./evidence-schema.ts";

/** One number of replicas, over all repeats. */
export interface CompareRow {
  replicas: number;
  /** Cores each replica was held to; null: only by its own limit. */
  cpus: number | null;
  /** Good answers per second, in the order of the repeats. */
  rates: number[];
  median: number;
  min: number;
  max: number;
  /** Against the fewest replicas, measured in the same repeat. */
  speedUp: RatioInterval;
  /** Cores used by one replica, median. */
  coresPerReplica: number;
  /** Processor time that the replicas took for one answer, median, in microseconds. */
  microseconds: number;
}

/** Speed-up that a perfectly linear system would reach with twice the replicas, and how far off it still is linear. */
const TWICE = { atLeast: 1.95, atMost: 2.05 };
/** Of the ideal speed-up, with any other number of replicas: 3.8 to 4.2 of 4. */
const LINEAR = { atLeast: 0.95, atMost: 1.05 };
/** How much more than its lower end the upper end of an interval may be; a wider one says nothing about such goals. */
const WIDEST = 1.1;
/** Share of its cap that a replica must have used to be called the limit: the quota comes in slices of 100 ms. */
const USED_SHARE = 0.9;
/** GET/s through nginx without a cap, on two cores. */
const UNCAPPED_GOAL = 5000;

/** Pure: one row per number of replicas, fewest first. */
export function compareRows(points: ComparePoint[], capped: boolean): CompareRow[] {
  const series = points.filter(({ cpus }) => (cpus !== null) === capped);
  const counts = [...new Set(series.map(({ replicas }) => replicas))].sort((a, b) => a - b);
  const base = new Map(
    series.filter(({ replicas }) => replicas === counts[0]).map(({ repeat, rate }) => [repeat, rate]),
  );
  return counts.map((replicas) => {
    const own = series.filter((point) => point.replicas === replicas).sort((a, b) => a.repeat - b.repeat);
    const rates = own.map(({ rate }) => rate);
    const ratios = own.flatMap(({ repeat, rate }) => {
      const reference = base.get(repeat);
      return reference === undefined ? [] : [rate / reference];
    });
    return {
      replicas,
      cpus: own[0]?.cpus ?? null,
      rates,
      median: median(rates),
      min: Math.min(...rates),
      max: Math.max(...rates),
      speedUp: ratioInterval(ratios),
      coresPerReplica: median(own.map(({ coresUsed }) => coresUsed / replicas)),
      microseconds: median(own.map(({ coresUsed, rate }) => (1e6 * coresUsed) / rate)),
    };
  });
}

/** Names of the findings without which the others say nothing. */
export const LIMIT = "limit";
export const NOISE = "noise";

/** Whether the figures are about the replicas at all, and exact enough; if not, the verdict is neither yes nor no. */
export const wasMeasured = ({ findings }: EvidenceVerdict): boolean =>
  findings.every(({ name, ok }) => ok || (name !== LIMIT && name !== NOISE));

/** Pure: does the capped pool grow as its number of replicas does? */
export function judgeCompare(points: ComparePoint[]): EvidenceVerdict {
  const capped = compareRows(points, true);
  const fewest = capped[0]?.replicas ?? 1;
  const findings = capped.slice(1).map(({ replicas, speedUp, microseconds }) => {
    const ideal = replicas / fewest;
    const goal = ideal === 2 ? TWICE : { atLeast: LINEAR.atLeast * ideal, atMost: LINEAR.atMost * ideal };
    const wanted = `${goal.atLeast.toFixed(2)} to ${goal.atMost.toFixed(2)}`;
    return {
      name: `${replicas} replicas`,
      ok: speedUp.mean >= goal.atLeast && speedUp.mean <= goal.atMost,
      text: `${replicas} replicas serve ${times(speedUp)} as much as ${fewest} (goal: ${wanted}); an answer takes ${cost(microseconds, capped[0])}.`,
    };
  });
  const all = [judgeLimit(capped), judgeNoise(capped.slice(1)), ...findings];
  return { pass: findings.length > 0 && all.every(({ ok }) => ok), findings: all };
}

/**
 * Twice the processor time is not twice the answers where an answer takes more of it: a core is slower while its
 * neighbours are busy, because they share caches, and often two "cores" are one with two queues (hyper-threading).
 */
function cost(microseconds: number, base: CompareRow | undefined): string {
  const change = base ? Math.round((microseconds / base.microseconds - 1) * 100) : 0;
  const than = `${change > 0 ? "more" : "less"} than with ${base?.replicas}`;
  const more = change === 0 ? `as much as with ${base?.replicas}` : `${Math.abs(change)} % ${than}`;
  return `${Math.round(microseconds)} µs of a core, ${more}`;
}

/** A replica that did not use up its cap waited for something else, and then the figures are about that. */
function judgeLimit(capped: CompareRow[]): EvidenceVerdict["findings"][number] {
  const idle = capped.filter(({ coresPerReplica, cpus }) => coresPerReplica < USED_SHARE * (cpus ?? 0));
  const [first] = idle;
  return {
    name: LIMIT,
    ok: first === undefined,
    text: first
      ? `With ${idle.map(({ replicas }) => replicas).join(" and ")} a replica used only ${first.coresPerReplica.toFixed(3)} of its ${first.cpus} cores, so something else was the limit: other programs on this machine, nginx or the generator.`
      : "The replicas were the limit: each used up its share of a core.",
  };
}

/** The mean alone would let a lucky one pass. */
function judgeNoise(rows: CompareRow[]): EvidenceVerdict["findings"][number] {
  const isWide = ({ speedUp: { interval } }: CompareRow) =>
    interval === null || interval[1] / interval[0] > WIDEST;
  const wide = rows.filter(isWide);
  return {
    name: NOISE,
    ok: wide.length === 0,
    text:
      wide.length > 0
        ? `The speed-up with ${wide.map(({ replicas }) => replicas).join(" and ")} replicas is too noisy to be judged: its 95 % interval is wider than 10 % or unknown (${wide.map(({ speedUp }) => times(speedUp)).join(", ")}); use more --repeats.`
        : "Every speed-up is known well enough: its 95 % interval is at most 10 % wide.",
  };
}

/** Whether the lab without caps reaches what was promised of it; a remark, because the generator takes the same cores. */
export function uncappedNote(points: ComparePoint[]): string | null {
  const rows = compareRows(points, false);
  const best = Math.max(...rows.map(({ median: rate }) => rate));
  if (rows.length === 0) return null;
  const rate = Math.round(best).toLocaleString("en-US");
  return `Uncapped the best is ${rate} GET/s (${best >= UNCAPPED_GOAL ? "reaches" : "below"} the goal of ${UNCAPPED_GOAL.toLocaleString("en-US")}); there the replicas, nginx and the generator share the cores, so more replicas need not mean more answers.`;
}

/** `2.01× (1.98–2.04)` */
export function times({ mean, interval }: RatioInterval): string {
  const [low, high] = interval ?? [];
  const range = low === undefined || high === undefined ? "" : ` (${low.toFixed(2)}–${high.toFixed(2)})`;
  return `${mean.toFixed(2)}×${range}`;
}
