import { type RequestMetrics, requestMetrics } from "@evenkeel/kit/request-metrics";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** What is read at the moment of a scrape. */
export interface ConsumerFigures {
  readonly up: boolean;
  readonly partitions: readonly number[];
  /** How long the batch in hand has been there; 0 without one. */
  readonly batchAgeSeconds: number;
  lag(): Iterable<[partition: number, behind: number]>;
}

/** What an instance tells Prometheus; every series has the label `instance_id`. */
export interface Metrics extends RequestMetrics {
  readonly registry: Registry;
  readonly booked: Counter;
  readonly duplicates: Counter;
  readonly stale: Counter;
  readonly dead: Counter<"reason">;
  readonly rebalances: Counter;
  readonly bookingDelay: Histogram;
  readonly logDrops: Counter;
  /** From whom the gauges of the consumer are read. */
  watch(consumer: ConsumerFigures): void;
}

/** @param deathCauses Reasons for which a message is given up; each is told from 0 on. */
export function createMetrics(deathCauses: readonly string[]): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  let consumer: ConsumerFigures = { up: false, partitions: [], batchAgeSeconds: 0, lag: () => [] };
  new Gauge({
    name: "orders_consumer_lag",
    help: "Messages of a partition that are not booked yet; only partitions of this instance.",
    labelNames: ["partition"],
    registers,
    collect() {
      this.reset();
      for (const [partition, behind] of consumer.lag()) this.set({ partition }, behind);
    },
  });
  new Gauge({
    name: "orders_assigned_partitions",
    help: "Partitions that this instance reads now.",
    registers,
    collect() {
      this.set(consumer.partitions.length);
    },
  });
  new Gauge({
    name: "kafka_up",
    help: "1 while this instance is a member of the consumer group.",
    registers,
    collect() {
      this.set(consumer.up ? 1 : 0);
    },
  });
  new Gauge({
    name: "orders_batch_age_seconds",
    help: "How long the batch in hand has been there; it takes milliseconds, unless it cannot be finished.",
    registers,
    collect() {
      this.set(consumer.batchAgeSeconds);
    },
  });
  const dead = new Counter({
    name: "orders_dead_total",
    help: "Messages that nobody can book, moved to the topic orders.dead.",
    labelNames: ["reason"],
    registers,
  });
  // Prometheus sees no rise in a series that begins with its first message.
  for (const reason of deathCauses) dead.inc({ reason }, 0);
  return {
    registry,
    ...requestMetrics(registry),
    watch: (figures) => {
      consumer = figures;
    },
    booked: new Counter({ name: "orders_booked_total", help: "Orders entered in the books.", registers }),
    duplicates: new Counter({
      name: "orders_duplicates_total",
      help: "Orders that Kafka brought again and the books had already.",
      registers,
    }),
    stale: new Counter({
      name: "orders_stale_total",
      help: "Orders from before a reset that Kafka brought after it.",
      registers,
    }),
    dead,
    rebalances: new Counter({
      name: "orders_rebalances_total",
      help: "Times this instance was given its partitions.",
      registers,
    }),
    bookingDelay: new Histogram({
      name: "orders_booking_delay_seconds",
      help: "Time from the commit of a sale in the shop to its commit in the books.",
      buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      registers,
    }),
    logDrops: new Counter({
      name: "log_lines_dropped_total",
      help: "Log lines given up because nobody read standard output.",
      registers,
    }),
  };
}
