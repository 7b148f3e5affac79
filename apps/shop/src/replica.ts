import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { MemoryCarts } from "./adapters/memory-carts.ts";
import { RedisBus } from "./adapters/redis-bus.ts";
import { RedisCarts } from "./adapters/redis-carts.ts";
import { SqliteLedger } from "./adapters/sqlite.ts";
import { createApp } from "./app.ts";
import type { Assets } from "./assets.ts";
import { catalogue } from "./domain/catalogue.ts";
import { StockFeed } from "./domain/stock-feed.ts";
import { AccessLog } from "./http/access-log.ts";
import { EventStreams } from "./http/event-stream.ts";
import { createHttpServer } from "./http/server.ts";
import type { Identity } from "./instance-id.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";

/** Under a load that never pauses the door is closed all the same. */
const QUIET_DEADLINE_MS = 500;
/** A turn of the event loop without work takes some 10 microseconds, the smallest request ten times that. */
const IDLE_TURN_MS = 0.05;

export interface ReplicaOptions extends Identity {
  readonly version: string;
  readonly databaseFile: string;
  readonly redisUrl: string;
  /** Only tests need another one, to share a Redis. */
  readonly channel?: string;
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

/** Puts one replica together. Rejects when the database cannot be used; Redis may be away. */
export async function createReplica(options: ReplicaOptions): Promise<Replica> {
  const { instanceId, log, metrics } = options;
  metrics.registry.setDefaultLabels({ instance_id: instanceId });
  const lifecycle = { draining: false };
  const ledger = await SqliteLedger.open(options.databaseFile, catalogue);
  const bus = new RedisBus({
    url: options.redisUrl,
    ...(options.channel === undefined ? {} : { channel: options.channel }),
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
  const app = createApp({ ...options, lifecycle, ledger, bus, feed, streams, carts, accessLog });
  const server = createHttpServer(app, {
    ...options,
    onMalformed: (requestId, status) => accessLog.malformed(requestId, status),
  });
  await feed.start(streams);
  return {
    server,
    ledger,
    listen: (port, host) => listen(server, port, host),
    drain: async (drainMs, shutdownMs) => {
      lifecycle.draining = true;
      streams.drain();
      // A search for an absent Redis hangs in the system's name look-up, which Node waits for when it exits.
      if (bus.state === "down") await Promise.all([bus.close(), carts.close()]);
      await wait(drainMs);
      await quietDoor(server);
      const cut = await close(server, shutdownMs);
      feed.stop();
      await Promise.all([bus.close(), carts.close(), ledger.close()]);
      return cut;
    },
  };
}

function listen(server: Server, port: number, host?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host, backlog: 1024 }, () => {
      server.removeListener("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/**
 * Resolves in a turn of the event loop that had nothing to do and found nobody at the door. Closing it
 * resets whoever the kernel let in and Node did not accept yet, and a balancer must not repeat a POST that
 * was cut off like that. Node accepts one connection per turn, and more arrive while it does other work.
 * What remains is a race of microseconds that only a balancer can close, by not sending here any more.
 */
async function quietDoor(server: Server): Promise<void> {
  let knocked = false;
  const onConnection = () => {
    knocked = true;
  };
  server.on("connection", onConnection);
  const deadline = performance.now() + QUIET_DEADLINE_MS;
  for (let idle = false, turn = performance.now(); !idle && turn < deadline; ) {
    knocked = false;
    await new Promise(setImmediate);
    const now = performance.now();
    idle = !knocked && now - turn < IDLE_TURN_MS;
    turn = now;
  }
  server.removeListener("connection", onConnection);
}

/** Resolves when the last connection is gone, with the number of connections cut at the deadline. */
async function close(server: Server, deadlineMs: number): Promise<number> {
  const connections = () => new Promise<number>((done) => server.getConnections((_, count) => done(count)));
  const closed = new Promise<void>((done) => server.close(() => done()));
  let cut = 0;
  // A keep-alive connection that was busy when close() was called becomes idle later.
  const sweep = setInterval(() => server.closeIdleConnections(), 20);
  const deadline = setTimeout(async () => {
    cut = await connections();
    server.closeAllConnections();
  }, deadlineMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(deadline);
  return cut;
}
