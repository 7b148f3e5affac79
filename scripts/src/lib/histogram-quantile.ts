/**
 * Quantile of a histogram with cumulative buckets, by linear interpolation inside the bucket, as Prometheus'
 * `histogram_quantile` does (https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile):
 * the lowest bucket begins at 0, and what lies in the last one (+Inf) is told as the highest finite bound.
 * @param buckets Upper bound → observations up to it.
 * @returns null when nothing was observed.
 */
export function histogramQuantile(q: number, buckets: ReadonlyMap<number, number>): number | null {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = sorted.at(-1)?.[1] ?? 0;
  if (!(total > 0)) return null;
  const rank = q * total;
  const at = sorted.findIndex(([, count]) => count >= rank);
  const [bound, count] = sorted[at] ?? [0, 0];
  const [below, countBelow] = sorted[at - 1] ?? [0, 0];
  if (bound === Number.POSITIVE_INFINITY) return below;
  if (count === countBelow) return bound;
  return below + ((bound - below) * (rank - countBelow)) / (count - countBelow);
}
