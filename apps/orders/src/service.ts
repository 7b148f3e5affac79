import { AccessLog } from "@evenkeel/kit/http/access-log";
import { close, listen } from "@evenkeel/kit/http/listening";
import { createHttpServer } from "@evenkeel/kit/http/server";
import type { Identity } from "@evenkeel/kit/instance-id";
import { kafkaClient } from "@evenkeel/kit/kafka-client";
import type { Logger } from "@evenkeel/kit/logger";
import { KafkaGraveyard } from "./adapters/kafka-graveyard.ts";
import { KafkaOrders } from "./adapters/kafka-orders.ts";
import { RedisNotify } from "./adapters/redis-notify.ts";
import { SqliteBooks } from "./adapters/sqlite-books.ts";
import { createApp } from "./app.ts";
import { type BookDeps, bookOrders } from "./domain/book-orders.ts";
import type { Metrics } from "./metrics.ts";

export interface ServiceOptions extends Identity {
  readonly version: string;
  readonly databaseFile: string;
  readonly brokers: readonly string[];
  readonly redisUrl: string;
  /** Only tests need others, to share a Kafka and a Redis. */
  readonly group?: string;
  readonly channel?: string;
  readonly metrics: Metrics;
  readonly log: Logger;
}

export interface Service {
  /** Resolves with the port that was taken. */
  listen(port: number, host?: string): Promise<number>;
  /**
   * Finishes the batch in hand, leaves the group, answers what was asked already, at most `shutdownMs` long,
   * and closes everything. Resolves with how many connections were cut off.
   */
  stop(shutdownMs: number): Promise<number>;
}

/** Puts one instance together and begins to book. Rejects when the database cannot be used; Kafka may be away. */
export async function createService(options: ServiceOptions): Promise<Service> {
  const { instanceId, log, metrics } = options;
  metrics.registry.setDefaultLabels({ instance_id: instanceId });
  const lifecycle = { draining: false };
  const books = await SqliteBooks.open(options.databaseFile);
  const kafka = kafkaClient(options.brokers, `evenkeel-orders-${instanceId}`);
  const graveyard = new KafkaGraveyard(kafka);
  const announcer = new RedisNotify({
    url: options.redisUrl,
    ...(options.channel === undefined ? {} : { channel: options.channel }),
    onChange: (up, reason) => {
      if (up) log.info("redis is up: pages hear of bookings");
      else log.warn("redis is down: pages ask for their orders", { reason: reason?.message ?? "closed" });
    },
  });
  const deps: BookDeps = { books, graveyard, instanceId, ...observers(options, announcer) };
  const membership = new KafkaOrders({
    kafka,
    ...(options.group === undefined ? {} : { group: options.group }),
    deliver: (delivery) => bookOrders(deps, delivery),
    onChange: (up, reason) => {
      if (up) log.info("kafka is up: this instance is a member of the group");
      else log.warn("kafka is down: orders wait there", { reason: messageOf(reason) });
    },
    onAssigned: (partitions) => {
      metrics.rebalances.inc();
      log.info("partitions assigned", { partitions: partitions.join(",") || "none" });
    },
  });
  metrics.watch(membership);
  const accessLog = new AccessLog(log, metrics);
  const app = createApp({ ...options, lifecycle, books, membership, announcer, accessLog });
  const server = createHttpServer(app, {
    ...options,
    onMalformed: (requestId, status) => accessLog.malformed(requestId, status),
  });
  membership.start();
  return {
    listen: (port, host) => listen(server, port, host),
    stop: async (shutdownMs) => {
      lifecycle.draining = true;
      // Until it has left, the instance answers that it is draining.
      await membership.stop();
      const [cut] = await Promise.all([close(server, shutdownMs), graveyard.close(), announcer.close()]);
      await books.close();
      return cut;
    },
  };
}

/** What metrics, log and pages learn of the bookings. */
function observers({ instanceId, metrics, log }: ServiceOptions, announcer: RedisNotify) {
  const troubled = new Set<string>();
  const recovered = (what: string) => {
    if (troubled.delete(what)) log.info(`${what}: works again`);
  };
  return {
    onBooked: ({ booked, duplicates, stale }) => {
      recovered("books");
      metrics.booked.inc(booked.length);
      metrics.duplicates.inc(duplicates);
      metrics.stale.inc(stale);
      for (const { placedAt, bookedAt } of booked) {
        // The clocks of two containers of one machine are one; a negative delay would only be a strange test.
        metrics.bookingDelay.observe(Math.max(0, bookedAt - placedAt) / 1000);
      }
      if (booked.length === 0) return;
      const orderIds = booked.map(({ orderId }) => orderId);
      announcer.announce({ orderIds, bookedBy: instanceId, at: Date.now() });
    },
    onBuried: (letters) => {
      recovered("graveyard");
      for (const { cause } of letters) metrics.dead.inc({ reason: cause });
      // One line for all: a flood of them would push everything else out of the log.
      const [first] = letters;
      if (first === undefined) return;
      const { partition, offset } = first.raw.origin;
      log.warn("messages were moved to orders.dead", {
        count: letters.length,
        partition,
        offset,
        reason: first.reason,
      });
    },
    // Once per loss: each attempt fails in the same way, twice a second.
    onTrouble: (what, error) => {
      if (troubled.has(what)) return;
      troubled.add(what);
      log.error(`${what}: not possible at the moment, trying on`, error);
    },
  } satisfies Partial<BookDeps>;
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
