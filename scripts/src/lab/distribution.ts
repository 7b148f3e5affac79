import type { Expectation } from "./strategies.ts";

/** Requests per replica; the key is the instance number as text, as it stands in `X-Instance-ID`. */
export type Counts = ReadonlyMap<string, number>;

/** What was counted on three sides of the same requests. */
export interface DistributionSamples {
  /** Strategy whose promise is checked, and the one the balancer says it uses (`X-Strategy`). */
  announced: string;
  active: string;
  expect: Expectation;
  /** Instance numbers that belong to the pool, running or not. */
  pool: string[];
  sent: number;
  /** Answers with status 2xx, by the replica named in the client's answer. */
  client: Counts;
  /** Requests without an answer, and answers that were not 2xx. */
  unanswered: number;
  failed: number;
  /** For pinned strategies: per key (address, path or cookie) the answers by replica. */
  keys: ReadonlyMap<string, Counts>;
  /** The same requests in the balancer's log, by address of the replica, not by what the replica says; null where
   * the log was not read. */
  proxy: Counts | null;
  /** Requests of others that the balancer's log shows in the same window. */
  foreign: number;
  /** Growth of each replica's own request counter. */
  replica: Counts;
}

export interface Finding {
  name: string;
  ok: boolean;
  /** A full sentence: what was expected and what was seen. */
  text: string;
}

export interface DistributionVerdict {
  pass: boolean;
  findings: Finding[];
  /** Expected requests per replica; null where the strategy promises no figure. */
  expected: ReadonlyMap<string, number> | null;
}

/** Pure: the same samples always give the same verdict. */
export function judgeDistribution(samples: DistributionSamples): DistributionVerdict {
  const expected = expectedCounts(samples);
  const findings = [
    judgeStrategy(samples),
    judgeAnswers(samples),
    ...judgeSpread(samples, expected),
    ...(samples.proxy ? [judgeProxyLog(samples.client, samples.proxy)] : []),
    judgeReplicaCounters(samples),
  ];
  return { pass: findings.every((finding) => finding.ok), findings, expected };
}

function judgeStrategy({ announced, active }: DistributionSamples): Finding {
  return {
    name: "strategy",
    ok: announced === active,
    text:
      announced === active
        ? `The balancer says it uses ${active}.`
        : `${announced} was announced, but the balancer says it uses ${active}.`,
  };
}

function judgeAnswers({ sent, unanswered, failed, client }: DistributionSamples): Finding {
  const answered = sum(client);
  return {
    name: "answers",
    ok: unanswered === 0 && failed === 0 && answered === sent,
    text: `${n(answered)} of ${n(sent)} requests were answered with 2xx; ${n(failed)} with another status, ${n(unanswered)} not at all.`,
  };
}

function expectedCounts({ expect, pool, sent }: DistributionSamples): Map<string, number> | null {
  if (expect.model === "even") return new Map(pool.map((id) => [id, sent / pool.length]));
  if (expect.model === "weights") {
    const total = Object.values(expect.weights).reduce((a, b) => a + b, 0);
    return new Map(pool.map((id) => [id, (sent * (expect.weights[id] ?? 0)) / total]));
  }
  return null;
}

function judgeSpread(samples: DistributionSamples, expected: Map<string, number> | null): Finding[] {
  const { expect, client, foreign, sent } = samples;
  if (expect.model === "pinned") return judgePinned(samples, expect);
  const want = expected ?? new Map<string, number>();
  const ids = new Set([...want.keys(), ...client.keys()]);
  const points = "tolerancePoints" in expect;
  // Requests of others take turns, too, so each of them may shift the count by one.
  const tolerance = points
    ? (expect.tolerancePoints / 100) * sent
    : expect.toleranceRequests + (foreign > 0 ? foreign : 0);
  const worst = [...ids]
    .map((id) => ({ id, off: Math.abs((client.get(id) ?? 0) - (want.get(id) ?? 0)) }))
    .reduce((a, b) => (b.off > a.off ? b : a), { id: "", off: 0 });
  const unit = points
    ? `${((100 * worst.off) / sent).toFixed(2)} points (allowed: ${expect.tolerancePoints})`
    : `${n(Math.round(worst.off * 100) / 100)} requests (allowed: ${tolerance}${foreign > 0 ? `, of which ${foreign} for requests that took a turn and are not counted here` : ""})`;
  return [
    {
      name: "spread",
      ok: worst.off <= tolerance,
      text: worst.id
        ? `The largest distance from the expected share is ${unit}, at replica ${worst.id}.`
        : "Every replica has exactly its expected share.",
    },
  ];
}

function judgePinned(
  { keys, pool, sent }: DistributionSamples,
  expect: Extract<Expectation, { model: "pinned" }>,
): Finding[] {
  const what = { address: "client addresses", uri: "paths", cookie: "clients with a cookie" }[expect.by];
  const strays = [...keys].filter(([, counts]) => counts.size !== 1);
  const findings: Finding[] = [
    {
      name: "pinned",
      ok: strays.length === 0 && keys.size > 0 && sent >= keys.size,
      text:
        strays.length === 0
          ? `Each of ${n(keys.size)} ${what} met one replica only, over ${n(sent)} requests.`
          : `${n(strays.length)} of ${n(keys.size)} ${what} met more than one replica; the first is "${strays[0]?.[0]}".`,
    },
  ];
  if (expect.spreadPoints !== undefined) {
    const perReplica = new Map(pool.map((id) => [id, 0]));
    for (const counts of keys.values())
      for (const id of counts.keys()) perReplica.set(id, (perReplica.get(id) ?? 0) + 1);
    const share = 100 / pool.length;
    const worst = Math.max(
      ...[...perReplica.values()].map((count) => Math.abs((100 * count) / keys.size - share)),
    );
    findings.push({
      name: "spread",
      ok: worst <= expect.spreadPoints,
      text: `The replicas' shares of the ${what} are up to ${worst.toFixed(1)} points from equal (allowed: ${expect.spreadPoints}).`,
    });
  }
  return findings;
}

function judgeProxyLog(client: Counts, proxy: Counts): Finding {
  const ok = sameCounts(client, proxy);
  return {
    name: "proxy log",
    ok,
    text: ok
      ? "nginx's log names the same replicas for the same requests, by address."
      : `nginx's log counts ${show(proxy)}, the client ${show(client)}.`,
  };
}

function judgeReplicaCounters({ client, replica, foreign }: DistributionSamples): Finding {
  const ids = new Set([...client.keys(), ...replica.keys()]);
  const ok = [...ids].every((id) => {
    const extra = (replica.get(id) ?? 0) - (client.get(id) ?? 0);
    return extra >= 0 && extra <= foreign;
  });
  return {
    name: "replica counters",
    ok,
    text: ok
      ? "The replicas' own counters grew by the same numbers."
      : `The replicas' own counters grew by ${show(replica)}, the client counted ${show(client)}.`,
  };
}

const sum = (counts: Counts) => [...counts.values()].reduce((a, b) => a + b, 0);
const n = (value: number) => value.toLocaleString("en-US");
const show = (counts: Counts) =>
  counts.size === 0
    ? "nothing"
    : [...counts]
        .sort()
        .map(([id, count]) => `${id}: ${n(count)}`)
        .join(", ");

function sameCounts(a: Counts, b: Counts): boolean {
  return [...new Set([...a.keys(), ...b.keys()])].every((id) => (a.get(id) ?? 0) === (b.get(id) ?? 0));
}
