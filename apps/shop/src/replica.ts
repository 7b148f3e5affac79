import type { Server } from "node:http";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { AccessLog } from "@evenkeel/kit/http/access-log";
import { close, listen, quietDoor } from "@evenkeel/kit/http/listening";
import { createHttpServer } from "@evenkeel/kit/http/server";
import type { Identity } from "@evenkeel/kit/instance-id";
import type { Logger } from "@evenkeel/kit/logger";
import { HttpBooks } from "./adapters/http-books.ts";
import { MemoryCarts } from "./adapters/memory-carts.ts";
import { RedisBus } from "./adapters/redis-bus.ts";
import { RedisCarts } from "./adapters/redis-carts.ts";
import { SqliteLedger } from "./adapters/sqlite.ts";
import { createApp } from "./app.ts";
import type { Assets } from "./assets.ts";
import { catalogue } from "./domain/catalogue.ts";
import { StockFeed } from "./domain/stock-feed.ts";
import { EventStreams } from "./http/event-stream.ts";
import type { Metrics } from "./metrics.ts";
import { createRelay } from "./relay.ts";
import { scrapeGauge } from "./relay-metrics.ts";

export interface ReplicaOptions extends Identity {
  readonly version: string;
  readonly databaseFile: string;
  readonly redisUrl: string;
  /** Only tests need another one, to share a Redis. */
  readonly channel?: string;
  readonly orderChannel?: string;
  /** `host:port` of each; empty: no relay. */
  readonly kafkaBrokers: readonly string[];
  readonly ordersUrl: string;
  readonly cartStore: "redis" | "memory";
  readonly assets: Assets;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface Replica {
  readonly server: Server;
  readonly ledger: SqliteLedger;
  /** Resolves with the port that was taken. */
  listen(port: number, host?: string): Promise<number>;
  /**
   * Leaves in three steps: unready but still serving for `drainMs`, then no new connections and up to
   * `shutdownMs` for requests in flight, then everything closed. Resolves with how many were cut off.
   */
  drain(drainMs: number, shutdownMs: number): Promise<number>;
}

/** Puts one replica together. Rejects when the database cannot be used; Redis and Kafka may be away. */
export async function createReplica(options: ReplicaOptions): Promise<Replica> {
  const { instanceId, log, metrics } = options;
  metrics.registry.setDefaultLabels({ instance_id: instanceId });
  metrics.info.set({ version: options.version, host: hostname() }, 1);
  const lifecycle = { draining: false };
  const hasRelay = options.kafkaBrokers.length > 0;
  const ledger = await SqliteLedger.open(options.databaseFile, catalogue, { relay: hasRelay });
  const outbox = hasRelay ? ledger.outbox : undefined;
  const relay =
    outbox === undefined ? undefined : createRelay({ ...options, outbox, registry: metrics.registry });
  const books = new HttpBooks(options.ordersUrl);
  const bus = new RedisBus({
    url: options.redisUrl,
    ...(options.channel === undefined ? {} : { channel: options.channel }),
    ...(options.orderChannel === undefined ? {} : { orderChannel: options.orderChannel }),
    onChange: (state, reason) => {
      metrics.busUp.set(state === "up" ? 1 : 0);
      if (state === "up") log.info("redis is up: stock events fan out");
      else log.warn("redis is down: stock events arrive late", { reason: reason?.message ?? "closed" });
    },
    onLost: () => metrics.busLost.inc(),
  });
  const feed = new StockFeed({
    ledger,
    bus,
    // Once per change: while the database is away every look fails, four times a second.
    onLedger: (state, reason) => {
      if (state === "up") log.info("stock events are read again");
      else log.error("stock events cannot be read, trying on", reason);
    },
    onDelivered: (source) => metrics.feedEvents.inc({ source }),
  });
  const streams = new EventStreams({
    instanceId,
    ledger,
    bus,
    feed,
    metrics,
    // Every client comes back each second and fails again; the feed has said why.
    onError: (error) => {
      if (feed.ledgerState === "up") log.error("an event stream could not be brought up to date", error);
    },
  });
  const carts = options.cartStore === "redis" ? new RedisCarts(options.redisUrl) : new MemoryCarts();
  const accessLog = new AccessLog(log, metrics);
  const app = createApp({
    ...options,
    lifecycle,
    ledger,
    outbox,
    books,
    bus,
    feed,
    streams,
    carts,
    accessLog,
  });
  const server = createHttpServer(app, {
    ...options,
    onMalformed: (requestId, status) => accessLog.malformed(requestId, status),
  });
  bus.onBooked((orders) => streams.onBooked(orders));
  scrapeGauge(
    metrics.registry,
    "feed_lag_events",
    "Committed stock events this replica did not pass on to its streams yet.",
    async () => Math.max(0, (await ledger.eventWindow()).newest - feed.last),
  );
  await feed.start({
    onEvent: (event) => {
      streams.onEvent(event);
      relay?.wake();
    },
    onResync: () => streams.onResync(),
    onState: (state) => streams.onState(state),
  });
  relay?.start();
  return {
    server,
    ledger,
    listen: (port, host) => listen(server, port, host),
    drain: async (drainMs, shutdownMs) => {
      lifecycle.draining = true;
      metrics.draining.set(1);
      streams.drain();
      // A search for an absent Redis hangs in the system's name look-up, which Node waits for when it exits.
      if (bus.state === "down") await Promise.all([bus.close(), carts.close()]);
      await wait(drainMs);
      await quietDoor(server);
      const cut = await close(server, shutdownMs);
      feed.stop();
      books.close();
      // Last of all: what was sold during the drain is on its way to Kafka, too.
      await Promise.all([bus.close(), carts.close(), relay?.stop()]);
      await ledger.close();
      return cut;
    },
  };
}
