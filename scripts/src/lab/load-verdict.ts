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
const SOLD_OUT = "409";

/** Pure: the verdict of a load test, by the judge of `lab check`. Nothing may fail, and the spread must be as promised. */
export function judgeLoad(samples: LoadSamples): LoadVerdict {
  const { load, promise } = samples;
  const foreign = foreignRequests(samples);
  const soldOut = Object.keys(load.perKind).some((kind) => kind.startsWith("POST"))
    ? (load.failed[SOLD_OUT] ?? 0)
    : 0;
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
  const remarks = generatorRemarks(load);
  if (!byKey) return { ...verdict, spreadJudged: true, remarks };
  const findings = verdict.findings.filter(({ name }) => name !== "pinned" && name !== "spread");
  return {
    findings,
    pass: findings.every(({ ok }) => ok),
    expected: null,
    spreadJudged: false,
    remarks: [
      `The spread was not judged, because ${samples.strategy} goes by the ${promise.by} and a load test does not record which ${promise.by} met which replica; npm run lab:check judges it.`,
      ...remarks,
    ],
  };
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
