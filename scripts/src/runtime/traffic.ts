import { randomUUID } from "node:crypto";
import { headers, ProductList, PurchaseResponse } from "@evenkeel/contracts";
import { LabError } from "../lib/errors.ts";
import { waitUntil } from "../lib/wait-until.ts";
import { pace } from "./pacer.ts";
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
  /** Streams that ended without the newest event, or never began. */
  streamsBehind: number;
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
    streamsBehind: 0,
  };
  const start = performance.now();
  let newest = 0;
  const paceOptions = {
    rate: options.rate,
    durationSeconds: options.durationSeconds,
    ...(options.signal ? { signal: options.signal } : {}),
    onStep: (elapsed: number) => {
      if (Math.floor(elapsed) <= totals.seconds) return;
      totals.seconds = Math.floor(elapsed);
      countStreams(clients, totals);
      options.onSecond?.(totals);
    },
  };
  totals.sent = await pace(paceOptions, async (dueAt) => {
    newest = Math.max(newest, await send(options.url, nextStep(random, products), dueAt, totals));
  });
  totals.seconds = (performance.now() - start) / 1000;
  // The last events are still on their way; a stream that never gets them has missed them.
  const behind = () => clients.filter((client) => client.newest() < newest).length;
  await waitUntil("the streams to get the last event", () => behind() === 0, {
    deadlineMs: 10_000,
    intervalMs: 50,
  }).catch(() => undefined);
  totals.streamsBehind = behind();
  countStreams(clients, totals);
  for (const client of clients) client[Symbol.dispose]();
  return totals;
}

/** Ids of what may be bought. @throws LabError `lab.down` when the shop does not answer. */
export async function productIds(url: URL): Promise<string[]> {
  try {
    const response = await fetch(new URL("/products", url), { signal: AbortSignal.timeout(5000) });
    return ProductList.parse(await response.json()).products.map(({ id }) => id);
  } catch (cause) {
    throw new LabError(`The shop does not answer at ${url.href}.`, {
      code: "lab.down",
      hint: "Start the lab with: npm run lab:up",
      cause,
    });
  }
}

/** @returns the id of the stock event it caused, or 0. */
async function send(url: URL, step: TrafficStep, dueAt: number, totals: TrafficTotals): Promise<number> {
  const init: RequestInit = { method: step.method, signal: AbortSignal.timeout(30_000) };
  if (step.body) {
    init.body = JSON.stringify(step.body);
    init.headers = { "content-type": "application/json", [headers.idempotencyKey]: randomUUID() };
  }
  try {
    const response = await fetch(new URL(step.path, url), init);
    const body = await response.text();
    totals.answered++;
    if (response.status >= 500) totals.failed++;
    const byStatus = totals.kinds.get(step.kind) ?? new Map<number, number>();
    totals.kinds.set(step.kind, byStatus.set(response.status, (byStatus.get(response.status) ?? 0) + 1));
    const id = response.headers.get(headers.instanceId) ?? "none";
    const replica = totals.replicas.get(id) ?? { answers: 0, latencies: [] };
    totals.replicas.set(id, replica);
    replica.answers++;
    replica.latencies.push(performance.now() - dueAt);
    if (step.kind !== "purchase" || response.status !== 201) return 0;
    totals.sold++;
    return PurchaseResponse.parse(JSON.parse(body)).eventId;
  } catch {
    totals.unanswered++;
    if (step.kind === "purchase") totals.unknownPurchases++;
    return 0;
  }
}

function countStreams(clients: StreamClient[], totals: TrafficTotals): void {
  totals.streamEvents = clients.reduce((sum, client) => sum + client.ids.length, 0);
  totals.streamFaults = clients.reduce((sum, client) => sum + client.faultCount(), 0);
}
