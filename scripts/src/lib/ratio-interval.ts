/**
 * Two-sided 95 % quantiles of Student's t distribution for 1 to 19 degrees of freedom (NIST/SEMATECH e-Handbook of
 * Statistical Methods, table 1.3.6.7.2).
 */
const T_95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093,
];

export interface RatioInterval {
  /** Geometric mean of the ratios. */
  mean: number;
  /** 95 % confidence interval of that mean; null when there are fewer than two ratios. */
  interval: [low: number, high: number] | null;
}

/**
 * How many times faster, from ratios that were each measured side by side. Ratios are multiplied, not added, so
 * the interval is taken of their logarithms and carried back: exp(mean(ln r) ± t · s / √n). (J. M. Bland and
 * D. G. Altman, Transformations, means, and confidence intervals, BMJ 312:1079, 1996.) For up to 20 ratios.
 */
export function ratioInterval(ratios: number[]): RatioInterval {
  const logs = ratios.map(Math.log);
  const n = logs.length;
  const mean = logs.reduce((sum, value) => sum + value, 0) / n;
  const t = T_95[n - 2];
  if (t === undefined) return { mean: Math.exp(mean), interval: null };
  const variance = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = t * Math.sqrt(variance / n);
  return { mean: Math.exp(mean), interval: [Math.exp(mean - half), Math.exp(mean + half)] };
}
