import { z } from "zod";
import type { LoadResult } from "../lib/load-result.ts";
import { Expectation } from "./strategies.ts";

const counts = z.record(z.string(), z.int().nonnegative());
const text = z.string();
const amount = z.number().nonnegative();

const Latency = z.object({
  mean: amount,
  p50: amount,
  p75: amount,
  p90: amount,
  p95: amount,
  p99: amount,
  p999: amount,
  max: amount,
});

const Second = z.object({
  second: z.int().nonnegative(),
  sent: amount,
  ok: amount,
  failed: amount,
  unanswered: amount,
  latency: Latency.pick({ p50: true, p90: true, p99: true, max: true }).nullable(),
  perReplica: counts,
});

const Load = z.object({
  generator: z.enum(["closed loop", "open loop"]),
  latencyFrom: z.enum(["intended send time", "send time"]),
  url: text,
  startedAt: amount,
  durationSeconds: amount,
  scheduled: amount.nullable(),
  sent: amount,
  late: amount.exactOptional(),
  sendLag: Latency.pick({ p50: true, p99: true, max: true }).exactOptional(),
  ok: amount,
  failed: counts,
  unanswered: amount,
  throughput: amount,
  latency: Latency,
  histogram: z.array(z.tuple([amount, amount])),
  perReplica: z.record(text, z.object({ answers: amount, latency: Latency })),
  perKind: z.record(text, z.object({ answers: amount, latency: Latency })),
  strategies: counts,
  timeline: z.array(Second),
  acknowledged: z.array(text),
  processor: z.object({ busiestThread: amount, seconds: amount }),
}) satisfies z.ZodType<LoadResult>;

/** What the figures depend on, and is not the lab's to choose. */
const Environment = z.object({
  versions: z.object({
    lab: text,
    /** Of the checkout, with "+" behind it when files were changed; null where git does not know. */
    commit: text.nullable(),
    node: text,
    engine: text,
    images: z.array(z.object({ service: text, image: text })),
  }),
  host: z.object({ platform: text, processor: text, cores: z.int().positive(), memoryBytes: amount }),
  settings: z.object({
    strategy: text,
    /** Instance numbers of the pool, running or not. */
    replicas: z.array(text),
    /** Processor cores each may use; null: no limit. */
    replicaCpus: amount.nullable(),
    nginxCpus: amount.nullable(),
  }),
});
export type Environment = z.infer<typeof Environment>;

const Finding = z.object({ name: text, ok: z.boolean(), text });
const Verdict = z.object({ pass: z.boolean(), findings: z.array(Finding) });
export type EvidenceVerdict = z.infer<typeof Verdict>;

const head = {
  version: z.literal(1),
  /** Time of writing, ISO 8601, UTC. */
  takenAt: z.iso.datetime(),
  /** What to type to measure it again. */
  command: text,
  environment: Environment,
};

/** One run of `npm run loadtest`. Everything its report and its verdict are made of. */
export const LoadtestEvidence = z.object({
  what: z.literal("loadtest"),
  ...head,
  options: z.object({
    mix: z.array(z.object({ kind: text, weight: z.number().positive() })),
    requests: amount.exactOptional(),
    connections: amount.exactOptional(),
    rate: amount.exactOptional(),
    durationSeconds: amount.exactOptional(),
    arrivals: z.enum(["constant", "poisson"]).exactOptional(),
    newConnections: z.boolean().exactOptional(),
    workers: amount.exactOptional(),
    seed: amount.exactOptional(),
  }),
  promise: Expectation,
  /** Ended early, by Ctrl-C. */
  interrupted: z.boolean(),
  load: Load,
  /** Growth of each replica's own request counter during the load, probes left out. */
  replicaCounters: counts,
  verdict: Verdict,
});
export type LoadtestEvidence = z.infer<typeof LoadtestEvidence>;

const Point = z.object({
  repeat: z.int().positive(),
  replicas: z.int().positive(),
  /** Cores each replica was held to; null: only by its own limit in docker-compose.yml. */
  cpus: amount.nullable(),
  connections: amount,
  requests: amount,
  durationSeconds: z.number().positive(),
  /** Good answers per second; all answers were good. */
  rate: z.number().positive(),
  /** Cores that all replicas together used, on average. */
  coresUsed: amount,
});
export type ComparePoint = z.infer<typeof Point>;

/** One run of `npm run lab:compare`. */
export const CompareEvidence = z.object({
  what: z.literal("compare"),
  ...head,
  options: z.object({
    replicas: z.array(z.int().positive()),
    cpus: z.number().positive(),
    repeats: z.int().positive(),
    seconds: amount,
    seed: amount,
    /** Cores on which replicas and nginx ran while capped; null: wherever the system put them. */
    seats: z.object({ replicas: text, nginx: text, generator: z.boolean() }).nullable().exactOptional(),
    /** The generator spoke to nginx's own address, past Docker's port forwarding. */
    direct: z.boolean().exactOptional(),
  }),
  /** In the order in which they were measured. */
  points: z.array(Point),
  verdict: Verdict,
});
export type CompareEvidence = z.infer<typeof CompareEvidence>;

export const Evidence = z.discriminatedUnion("what", [LoadtestEvidence, CompareEvidence]);
export type Evidence = z.infer<typeof Evidence>;
