import { randomUUID } from "node:crypto";
import { setInterval as ticks } from "node:timers/promises";
import { headers, ProductList } from "@evenkeel/contracts";
import { StreamClient } from "./stream-client.ts";
import { nextStep, seeded, type TrafficStep } from "./traffic-mix.ts";

export interface TrafficOptions {
  url: URL;
  /** Requests per second that are sent, whether or not earlier ones have been answered. */
  rate: number;
  durationSeconds: number;
  /** Event streams that are open all the time. */
  streams: number;
  seed: number;
  /** Called once a second with the totals so far. */
  onSecond?: (totals: TrafficTotals) => void;
  /** Ends the traffic early; what has been sent is still awaited. */
  signal?: AbortSignal;
}

export interface ReplicaTotals {
  answers: number;
  /** Milliseconds from the moment a request was due to its last byte. */
  latencies: number[];
}

export interface TrafficTotals {
  seconds: number;
  sent: number;
  answered: number;
  /** By instance number. */
  replicas: Map<string, ReplicaTotals>;
  /** By kind, then by status. */
  kinds: Map<string, Map<number, number>>;
  /** Answers with status 500 and above. */
  failed: number;
  /** No answer came. A POST among them is unknown, not failed: it may have been carried out. */
  unanswered: number;
  unknownPurchases: number;
  sold: number;
  streamEvents: number;
  /** Event ids that were missing or came twice, over all streams. */
  streamFaults: number;
}

/** Sends a customer-like mix at a given rate and keeps event streams open beside it. */
export async function runTraffic(options: TrafficOptions): Promise<TrafficTotals> {
  const random = seeded(options.seed);
  const products = await productIds(options.url);
  const clients = Array.from(
    { length: options.streams },
    () => new StreamClient(new URL("/events", options.url).href),
  );
  const totals: TrafficTotals = {
    seconds: 0,
    sent: 0,
    answered: 0,
    replicas: new Map(),
    kinds: new Map(),
    failed: 0,
    unanswered: 0,
    unknownPurchases: 0,
    sold: 0,
    streamEvents: 0,
    streamFaults: 0,
  };
  const inFlight = new Set<Promise<void>>();
  const due = Math.round(options.rate * options.durationSeconds);
  const start = performance.now();
  // A pacer, not a wait: requests leave when they are due, in steps of ten milliseconds.
  for await (const _ of ticks(10)) {
    const elapsed = (performance.now() - start) / 1000;
    while (totals.sent < due && totals.sent <= elapsed * options.rate) {
      const dueAt = start + (totals.sent / options.rate) * 1000;
      totals.sent++;
      const request = send(options.url, nextStep(random, products), dueAt, totals);
      inFlight.add(request);
      void request.finally(() => inFlight.delete(request));
    }
    if (Math.floor(elapsed) > totals.seconds) {
      totals.seconds = Math.floor(elapsed);
      countStreams(clients, totals);
      options.onSecond?.(totals);
    }
    if (totals.sent >= due || options.signal?.aborted) break;
  }
  await Promise.all(inFlight);
  totals.seconds = (performance.now() - start) / 1000;
  countStreams(clients, totals);
  for (const client of clients) client[Symbol.dispose]();
  return totals;
}

async function productIds(url: URL): Promise<string[]> {
  const response = await fetch(new URL("/products", url), { signal: AbortSignal.timeout(5000) });
  return ProductList.parse(await response.json()).products.map(({ id }) => id);
}

async function send(url: URL, step: TrafficStep, dueAt: number, totals: TrafficTotals): Promise<void> {
  const init: RequestInit = { method: step.method, signal: AbortSignal.timeout(30_000) };
  if (step.body) {
    init.body = JSON.stringify(step.body);
    init.headers = { "content-type": "application/json", [headers.idempotencyKey]: randomUUID() };
  }
  try {
    const response = await fetch(new URL(step.path, url), init);
    await response.arrayBuffer();
    totals.answered++;
    if (response.status >= 500) totals.failed++;
    if (step.kind === "purchase" && response.status === 201) totals.sold++;
    const byStatus = totals.kinds.get(step.kind) ?? new Map<number, number>();
    totals.kinds.set(step.kind, byStatus.set(response.status, (byStatus.get(response.status) ?? 0) + 1));
    const id = response.headers.get(headers.instanceId) ?? "none";
    const replica = totals.replicas.get(id) ?? { answers: 0, latencies: [] };
    totals.replicas.set(id, replica);
    replica.answers++;
    replica.latencies.push(performance.now() - dueAt);
  } catch {
    totals.unanswered++;
    if (step.kind === "purchase") totals.unknownPurchases++;
  }
}

function countStreams(clients: StreamClient[], totals: TrafficTotals): void {
  totals.streamEvents = clients.reduce((sum, client) => sum + client.ids.length, 0);
  totals.streamFaults = clients.reduce((sum, client) => {
    const { missing, twice, outOfOrder } = client.faults();
    return sum + missing.length + twice.length + outOfOrder.length;
  }, 0);
}

/** Value below which the given share of the numbers lies (nearest rank); 0 for none. */
export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
