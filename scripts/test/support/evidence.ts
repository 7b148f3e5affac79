import { judgeCompare } from "../../src/lab/compare-verdict.ts";
import type {
  CompareEvidence,
  ComparePoint,
  Environment,
  LoadtestEvidence,
} from "../../src/lab/evidence-schema.ts";
import { judgeLoad } from "../../src/lab/load-verdict.ts";
import type { LatencySummary, LoadResult, LoadSecond } from "../../src/lib/load-result.ts";
import { percentile } from "../../src/lib/statistics.ts";
import { seeded } from "../../src/runtime/traffic-mix.ts";

export const environment = (replicas = ["1", "2"]): Environment => ({
  versions: {
    lab: "0.1.0",
    commit: "6af0a58",
    node: "24.21.0",
    engine: "28.2.2",
    images: [
      { service: "app", image: "evenkeel/shop:latest" },
      { service: "nginx", image: "nginx:1.30" },
    ],
  },
  host: { platform: "linux x64", processor: "Some Processor", cores: 2, memoryBytes: 16 * 1024 ** 3 },
  settings: { strategy: "round-robin", replicas, replicaCpus: 1, nginxCpus: 1 },
});

function summary(values: number[]): LatencySummary {
  const at = (share: number) => percentile(values, share);
  return {
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    ...{
      p50: at(0.5),
      p75: at(0.75),
      p90: at(0.9),
      p95: at(0.95),
      p99: at(0.99),
      p999: at(0.999),
      max: at(1),
    },
  };
}

function brief(values: number[]): LoadSecond["latency"] {
  const { p50, p90, p99, max } = summary(values);
  return { p50, p90, p99, max };
}

export interface LoadShape {
  seconds?: number;
  rate?: number;
  /** Weights of the replicas by instance number. */
  replicas?: Record<string, number>;
  seed?: number;
  open?: boolean;
}

/** A load as a generator would have measured it: log-normal latencies with a bad spell in the middle. */
export function loadResult(shape: LoadShape = {}): LoadResult {
  const { seconds = 20, rate = 500, replicas = { 1: 1, 2: 1 }, seed = 7, open = true } = shape;
  const random = seeded(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const turns = Object.entries(replicas).flatMap(([id, weight]) => Array.from({ length: weight }, () => id));
  const all: { second: number; replica: string; ms: number }[] = [];
  for (let n = 0; n < seconds * rate; n++) {
    const second = Math.floor(n / rate);
    const spell = second === Math.floor(seconds / 2) ? 6 : 1;
    all.push({
      second,
      replica: turns[n % turns.length] ?? "none",
      ms: Math.round(100 * spell * Math.exp(0.9 + 0.45 * normal())) / 100,
    });
  }
  const of = (replica: string) => all.filter((one) => one.replica === replica).map(({ ms }) => ms);
  const values = all.map(({ ms }) => ms);
  const counted = Map.groupBy(
    values.toSorted((a, b) => a - b),
    (value) => value,
  );
  const timeline = Array.from({ length: seconds }, (_, second): LoadSecond => {
    const own = all.filter((one) => one.second === second);
    return {
      second,
      sent: own.length,
      ok: own.length,
      failed: 0,
      unanswered: 0,
      latency: brief(own.map(({ ms }) => ms)),
      perReplica: Object.fromEntries(
        Object.keys(replicas).map((id) => [id, own.filter(({ replica }) => replica === id).length]),
      ),
    };
  });
  return {
    generator: open ? "open loop" : "closed loop",
    latencyFrom: open ? "intended send time" : "send time",
    url: "http://127.0.0.1:8000/",
    startedAt: Date.UTC(2026, 10, 21, 12),
    durationSeconds: seconds,
    scheduled: open ? all.length : null,
    sent: all.length,
    ok: all.length,
    failed: {},
    unanswered: 0,
    throughput: rate,
    latency: summary(values),
    histogram: [...counted].map(([value, same]) => [value, same.length]),
    perReplica: Object.fromEntries(
      Object.keys(replicas).map((id) => [id, { answers: of(id).length, latency: summary(of(id)) }]),
    ),
    perKind: { "GET /products": { answers: all.length, latency: summary(values) } },
    strategies: { "round-robin": all.length },
    timeline,
    acknowledged: [],
    processor: { busiestThread: 0.31, seconds: 7.4 },
  };
}

export function loadtestEvidence(load: LoadResult = loadResult()): LoadtestEvidence {
  const promise = { model: "even", toleranceRequests: 1 } as const;
  const pool = Object.keys(load.perReplica);
  const replicaCounters = Object.fromEntries(
    Object.entries(load.perReplica).map(([id, { answers }]) => [id, answers]),
  );
  const { pass, findings } = judgeLoad({ strategy: "round-robin", promise, pool, replicaCounters, load });
  const open = load.generator === "open loop";
  return {
    what: "loadtest",
    version: 1,
    takenAt: "2026-11-21T12:00:20.123Z",
    command: open ? "npm run loadtest -- --rate 500 --duration 20 --seed 7" : "npm run loadtest",
    environment: environment(pool),
    options: {
      mix: [{ kind: "GET /products", weight: 1 }],
      ...(open
        ? { rate: 500, durationSeconds: 20, arrivals: "constant", newConnections: false, seed: 7 }
        : { requests: load.sent, connections: 50 }),
    },
    promise,
    interrupted: false,
    load,
    replicaCounters,
    verdict: { pass, findings },
  };
}

/** Points in which each doubling multiplies the rate by `factor`. */
export function comparePoints(factor: number, counts = [1, 2, 4], repeats = 5): ComparePoint[] {
  const random = seeded(3);
  return Array.from({ length: repeats }, (_, i) =>
    counts.flatMap((replicas) =>
      [0.2, ...(i < 3 ? [null] : [])].map((cpus): ComparePoint => {
        const noise = 1 + 0.01 * (random() - 0.5);
        const rate = cpus === null ? 5600 - 300 * replicas : 610 * noise * factor ** Math.log2(replicas);
        return {
          ...{ repeat: i + 1, replicas, cpus, connections: 100 * replicas, requests: Math.round(rate * 5) },
          ...{ durationSeconds: 5, rate, coresUsed: cpus === null ? 1 : cpus * replicas },
        };
      }),
    ),
  ).flat();
}

export function compareEvidence(points: ComparePoint[] = comparePoints(1.995)): CompareEvidence {
  const { pass, findings } = judgeCompare(points);
  return {
    what: "compare",
    version: 1,
    takenAt: "2026-11-21T12:10:00.000Z",
    command: "npm run lab:compare -- --replicas 1,2,4 --cpus 0.2 --repeats 5 --seed 3",
    environment: environment(),
    options: { replicas: [1, 2, 4], cpus: 0.2, repeats: 5, seconds: 5, seed: 3 },
    points,
    verdict: { pass, findings },
  };
}
