/** A time in which the server stands still, in milliseconds of any one clock. */
export interface Stall {
  from: number;
  until: number;
}

/**
 * When a server that takes `latency` for each request answers one that arrived at a moment. During a stall its clock
 * stands still: what it had begun goes on afterwards, what came meanwhile begins afterwards. Never earlier for a later
 * arrival, so answers leave in the order of arrival.
 */
export function answerAt(arrival: number, latency: number, stall?: Stall): number {
  if (!stall || arrival + latency <= stall.from || arrival >= stall.until) return arrival + latency;
  const begun = Math.max(0, stall.from - arrival);
  return stall.until + latency - begun;
}

/**
 * Milliseconds that the given share of requests takes at most, when they are due at even intervals over `duration` and
 * the server stalls once for `stall`, well inside it (all in milliseconds).
 *
 * Those due in the last `latency` before the stall take `latency + stall`; those due during it wait for its rest, so
 * they are spread evenly from there down to `latency`; all others take `latency`. The slowest `(1 − share)` of the
 * requests are those of `(1 − share) × duration` milliseconds, counted from the slowest.
 */
export function openLoopPercentile(share: number, latency: number, stall: number, duration: number): number {
  const tail = (1 - share) * duration;
  if (stall === 0 || tail >= latency + stall) return latency;
  return latency + stall - Math.max(0, tail - latency);
}

/**
 * The same for a closed loop: each of its connections has one request under way when the stall begins and sends
 * nothing until that is answered, so one request per connection feels the stall, whatever its length.
 */
export function closedLoopPercentile(
  share: number,
  latency: number,
  stall: number,
  requestsPerConnection: number,
): number {
  return stall > 0 && 1 - share < 1 / requestsPerConnection ? latency + stall : latency;
}
