import { Counter, Gauge, Histogram, type Registry } from "prom-client";

export interface RelayMetrics {
  readonly published: Counter;
  readonly failures: Counter;
  readonly publishSeconds: Histogram;
}

/** What a scrape finds out about the relay. */
export interface RelayFigures {
  readonly waiting: number;
  readonly oldestSeconds: number;
  /** Undefined: nobody has tried to reach Kafka yet. */
  readonly kafkaUp: boolean | undefined;
}

/** A gauge that is read when Prometheus asks. What cannot be read is not a number, above all not 0. */
export function scrapeGauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => number | Promise<number>,
): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      this.set(await Promise.resolve(read()).catch(() => Number.NaN));
    },
  });
}

/** Series of the relay; a shop without one has none of them. */
export function createRelayMetrics(
  registry: Registry,
  { leads, figures }: { leads: () => boolean; figures: () => Promise<RelayFigures> },
): RelayMetrics {
  const registers = [registry];
  // All gauges of one scrape share one look at the database.
  let looking: Promise<RelayFigures> | undefined;
  const look = () => {
    looking ??= figures().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
    scrapeGauge(registry, name, help, read);
  gauge("outbox_backlog_events", "Committed events that are not in Kafka for certain, of all replicas.", () =>
    look().then(({ waiting }) => waiting),
  );
  gauge("outbox_backlog_age_seconds", "How long the oldest of them has waited; 0 when none waits.", () =>
    look().then(({ oldestSeconds }) => oldestSeconds),
  );
  gauge("kafka_up", "1 while Kafka answers whichever replica talks to it; the same on all replicas.", () =>
    look().then(({ kafkaUp }) => (kafkaUp === undefined ? Number.NaN : Number(kafkaUp))),
  );
  gauge("relay_leader", "1 on the replica that carries the outbox to Kafka.", () => Number(leads()));
  return {
    published: new Counter({
      name: "relay_published_total",
      help: "Events this replica brought to Kafka, repeats included.",
      registers,
    }),
    failures: new Counter({
      name: "relay_failures_total",
      help: "Attempts of this replica on Kafka that failed.",
      registers,
    }),
    publishSeconds: new Histogram({
      name: "relay_publish_seconds",
      help: "Time from sending a batch to Kafka's acknowledgement and the moved mark.",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
  };
}
