/*
 * What several panels ask for, said once. Names with colons are worked out by Prometheus itself, once a second
 * (monitoring/rules/recording.yml); alerts and `lab top` use the same ones, so they cannot disagree with a picture.
 */

/** Answers per second of the whole shop, and of each replica; without the lab's own probes and without streams. */
export const rate = "lab:http_requests:rate10s";
export const rateByReplica = "replica:http_requests:rate10s";

/** Part of all answers that each replica gave, 0 to 1. */
export const shareByReplica = "replica:http_requests:share10s";

/** How far the replica that is worst off is from an equal share, in percentage points. */
export const worstDeviation = "100 * max(abs(replica:http_requests:unfairness10s))";

/** Part of all answers that failed (5xx), 0 to 1; nothing while nobody asks. */
export const failedShare = "lab:http_errors:rate10s / (lab:http_requests:rate10s > 0)";

/** Answers per second by the first digit of their status. */
export const rateByClass =
  'sum by (class) (label_replace(rate(http_request_duration_seconds_count{job="shop", ' +
  'route!~"/(health|status|metrics|events)"}[$__rate_interval]), "class", "$1", "status", "(.).."))';

/** Time within which a part of all answers was given, in seconds. */
export const duration = (quantile: number) =>
  `histogram_quantile(${quantile}, sum by (le) (replica:http_request_duration_seconds_bucket:rate10s))`;
export const p99ByReplica = "replica:http_request_duration_seconds:p99_10s";

/** A quantile of any other histogram. `$__rate_interval` is Grafana's: at least four scrapes and one step. */
export const quantileOf = (quantile: number, bucket: string) =>
  `histogram_quantile(${quantile}, sum by (le) (rate(${bucket}[$__rate_interval])))`;

/** Zero instead of nothing: for what leaves no trace as long as all is well. */
export function orZero(expr: string): string {
  return `(${expr}) or vector(0)`;
}

/** What is before {@link orZero}; undefined for an expression without it. */
export function withoutZero(expr: string): string | undefined {
  return /^\((.*)\) or vector\(0\)$/s.exec(expr)?.[1];
}
