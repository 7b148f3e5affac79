import type { LoadResult } from "../lib/load-result.ts";
import { BUSIEST } from "../runtime/load/keeping.ts";
import { type DistributionSamples, type DistributionVerdict, judgeDistribution } from "./distribution.ts";
import type { Expectation } from "./strategies.ts";

/** What a load test is judged by. */
export interface LoadSamples {
  /** Strategy that was active when the load began, and its promise. */
  strategy: string;
  promise: Expectation;
  /** Instance numbers that belong to the pool, running or not. */
  pool: string[];
  /** Growth of each replica's own request counter. */
  replicaCounters: Record<string, number>;
  load: LoadResult;
}

export interface LoadVerdict extends DistributionVerdict {
  spreadJudged: boolean;
  /** Sentences about what the verdict leaves open. */
  remarks: string[];
}

/** "Sold out", the shop's right answer to a purchase of what is no longer there. */
export const SOLD_OUT = "409";
/**
 * Share of the requests up to which "sold out" is allowed for in the spread, one request each. With more, the
 * allowance would let any spread pass.
 */
const SOLD_OUT_LIMIT = 0.05;

/** Purchases that were answered "sold out"; 0 where nothing was bought. */
export function soldOutAnswers({ perKind, failed }: LoadResult): number {
  return Object.keys(perKind).some((kind) => kind.startsWith("POST")) ? (failed[SOLD_OUT] ?? 0) : 0;
}

/**
 * Pure: the verdict of a load test, by the judge of `lab check`. Nothing may fail, something must be answered well, and
 * the spread must be as promised.
 */
export function judgeLoad(samples: LoadSamples): LoadVerdict {
  const { load, promise } = samples;
  const foreign = foreignRequests(samples);
  const soldOut = soldOutAnswers(load);
  const client = new Map(Object.entries(load.perReplica).map(([id, { answers }]) => [id, answers]));
  const byKey = promise.model === "pinned" && promise.by !== "address";
  const verdict = judgeDistribution({
    announced: samples.strategy,
    active: Object.keys(load.strategies).join(", ") || samples.strategy,
    expect: promise,
    pool: samples.pool,
    sent: load.sent - soldOut,
    client,
    unanswered: load.unanswered,
    failed: sum(load.failed) - soldOut,
    keys: new Map([["this machine", client]]),
    proxy: null,
    // An answer "sold out" took a turn like any other, but only a good answer is counted with its replica.
    foreign: foreign + soldOut,
    replica: new Map(Object.entries(samples.replicaCounters)),
  } satisfies DistributionSamples);
  const findings = verdict.findings.map((one) =>
    one.name === "answers" && load.ok === 0
      ? { ...one, ok: false, text: "Not one request was answered with 2xx." }
      : one,
  );
  const remarks = [...soldOutRemarks(soldOut), ...generatorRemarks(load)];
  const unjudged = byKey
    ? `${samples.strategy} goes by the ${promise.by} and a load test does not record which ${promise.by} met which replica; npm run lab:check judges it.`
    : promise.model !== "pinned" && soldOut > SOLD_OUT_LIMIT * load.sent
      ? `${soldOut} of ${load.sent} requests were answered "sold out", and nobody counts which replica said so; npm run lab:reset fills the shelves.`
      : null;
  if (unjudged === null)
    return { ...verdict, findings, pass: findings.every(({ ok }) => ok), spreadJudged: true, remarks };
  const rest = findings.filter(({ name }) => name !== "pinned" && name !== "spread");
  return {
    findings: rest,
    pass: rest.every(({ ok }) => ok),
    expected: null,
    spreadJudged: false,
    remarks: [`The spread was not judged, because ${unjudged}`, ...remarks],
  };
}

function soldOutRemarks(soldOut: number): string[] {
  if (soldOut === 0) return [];
  const purchases = soldOut === 1 ? "1 purchase was" : `${soldOut.toLocaleString("en-US")} purchases were`;
  return [`${purchases} answered "sold out" (${SOLD_OUT}): a right answer, and no failure.`];
}

/** A busy open loop is refused; a closed loop still shows who answered, but not how fast the lab is. */
function generatorRemarks({ processor: { busiestThread } }: LoadResult): string[] {
  if (busiestThread <= BUSIEST) return [];
  return [
    `The generator used ${Math.round(100 * busiestThread)} % of a core, so the throughput may be its limit and not the lab's; --rate measures latency at a rate of your choice.`,
  ];
}

/** Requests through the door that were not ours. */
export function foreignRequests({ replicaCounters, load }: LoadSamples): number {
  return Math.max(0, sum(replicaCounters) - load.sent);
}

const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
