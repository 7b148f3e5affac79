import { histogramQuantile } from "../lib/histogram-quantile.ts";
import type { AppReading, ContainerReading } from "./top-reading.ts";

export interface ReplicaRow {
  ordinal: number;
  name: string;
  state: string;
  /** Answered to customers; null until there are two readings of the same container. */
  requestsPerSecond: number | null;
  /** Part of all replicas' requests, 0 to 1; null when there were none. */
  share: number | null;
  p99Ms: number | null;
  /** Part of one core: 1.5 are one and a half cores. */
  cpu: number | null;
  /** Bytes. */
  memory: number | null;
  streams: number | null;
}

export interface OtherRow {
  name: string;
  service: string;
  state: string;
  cpu: number | null;
  memory: number | null;
}

/** Null where nobody could tell, for instance without Kafka. */
export interface OrdersRow {
  /** Committed and not yet in Kafka. */
  backlog: number | null;
  backlogAgeSeconds: number | null;
  /** Replica that relays to Kafka. */
  relay: number | null;
  bookedPerSecond: number | null;
  lag: number | null;
  /** Messages put aside since the instances started. */
  dead: number | null;
}

export interface TopSample {
  /** Of all replicas; null when no replica has two readings. */
  requestsPerSecond: number | null;
  replicas: ReplicaRow[];
  others: OtherRow[];
  orders: OrdersRow;
}

/**
 * What happened between two readings of the lab. Containers are matched by id, processes by their start: what
 * is new has no rates yet, and what restarted counts from zero, so no rate is ever negative.
 */
export function sampleBetween(before: ContainerReading[], now: ContainerReading[]): TopSample {
  const earlier = new Map(before.map((one) => [one.id, one]));
  const rates = new Map(now.map((one) => [one.id, ratesOf(earlier.get(one.id), one)]));
  const replicas = now.filter(({ service }) => service === "app");
  const perSecond = replicas.flatMap(({ id }) => rates.get(id)?.requestsPerSecond ?? []);
  const total = perSecond.length > 0 ? sum(perSecond) : null;
  return {
    requestsPerSecond: total,
    replicas: replicas.map(({ id, ordinal, name, state, usage, app }) => {
      const { requestsPerSecond = null, p99Ms = null, cpu = null } = rates.get(id) ?? {};
      const share = total && requestsPerSecond !== null ? requestsPerSecond / total : null;
      const [memory, streams] = [usage?.memory ?? null, app?.streams ?? null];
      return { ordinal, name, state, requestsPerSecond, share, p99Ms, cpu, memory, streams };
    }),
    others: now
      .filter(({ service }) => service !== "app")
      .map(({ id, name, service, state, usage }) => ({
        name,
        service,
        state,
        cpu: rates.get(id)?.cpu ?? null,
        memory: usage?.memory ?? null,
      })),
    orders: ordersRow(now, rates),
  };
}

interface Rates {
  requestsPerSecond: number | null;
  p99Ms: number | null;
  bookedPerSecond: number | null;
  cpu: number | null;
}

function ratesOf(before: ContainerReading | undefined, now: ContainerReading): Rates {
  const cpu = cpuBetween(before, now);
  const none = { requestsPerSecond: null, p99Ms: null, bookedPerSecond: null, cpu };
  if (!before?.app || !now.app) return none;
  const seconds = (now.app.at - before.app.at) / 1000;
  if (!(seconds > 0)) return none;
  const start: Pick<AppReading, "requests" | "buckets" | "booked"> =
    before.app.startedAt === now.app.startedAt ? before.app : { requests: 0, buckets: new Map(), booked: 0 };
  const buckets = new Map(
    [...now.app.buckets].map(([bound, count]) => [bound, grown(start.buckets.get(bound) ?? 0, count)]),
  );
  const p99 = histogramQuantile(0.99, buckets);
  return {
    requestsPerSecond: grown(start.requests, now.app.requests) / seconds,
    p99Ms: p99 === null ? null : p99 * 1000,
    bookedPerSecond: now.app.booked === null ? null : grown(start.booked ?? 0, now.app.booked) / seconds,
    cpu,
  };
}

/** A counter that is smaller than before began anew, whatever the start time says. */
const grown = (before: number, now: number) => (now >= before ? now - before : now);

function cpuBetween(before: ContainerReading | undefined, now: ContainerReading): number | null {
  if (!before?.usage || !now.usage) return null;
  const milliseconds = now.usage.readAt - before.usage.readAt;
  const used = now.usage.cpuNanoseconds - before.usage.cpuNanoseconds;
  // A restarted container has a new account, of which the beginning is not known.
  return milliseconds > 0 && used >= 0 ? used / 1e6 / milliseconds : null;
}

function ordersRow(now: ContainerReading[], rates: Map<string, Rates>): OrdersRow {
  const replicas = now.filter(({ service }) => service === "app");
  const instances = now.filter(({ service }) => service === "orders");
  // Every replica reads the same outbox; the newest answer is as good as any.
  const largest = (values: (number | null | undefined)[]) => {
    const known = values.filter((value) => value !== null && value !== undefined);
    return known.length > 0 ? Math.max(...known) : null;
  };
  const all = (values: (number | null | undefined)[]) => {
    const known = values.filter((value) => value !== null && value !== undefined);
    return known.length > 0 ? sum(known) : null;
  };
  return {
    backlog: largest(replicas.map(({ app }) => app?.backlog)),
    backlogAgeSeconds: largest(replicas.map(({ app }) => app?.backlogAgeSeconds)),
    relay: replicas.find(({ app }) => app?.leads)?.ordinal ?? null,
    bookedPerSecond: all(instances.map(({ id }) => rates.get(id)?.bookedPerSecond)),
    lag: all(instances.map(({ app }) => app?.lag)),
    dead: all(instances.map(({ app }) => app?.dead)),
  };
}

const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
