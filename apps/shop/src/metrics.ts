import { type RequestMetrics, requestMetrics } from "@evenkeel/kit/request-metrics";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

/** What a replica tells Prometheus; every series has the label `instance_id`. */
export interface Metrics extends RequestMetrics {
  readonly registry: Registry;
  readonly purchases: Counter<"outcome">;
  readonly openStreams: Gauge;
  readonly streamEvents: Counter;
  readonly streamCuts: Counter<"reason">;
  readonly streamResyncs: Counter;
  readonly feedEvents: Counter<"source">;
  readonly busUp: Gauge;
  readonly busLost: Counter;
  readonly logDrops: Counter;
  readonly draining: Gauge;
  readonly info: Gauge<"version" | "host">;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    ...requestMetrics(registry),
    purchases: new Counter({
      name: "purchases_total",
      help: "Purchases by outcome: sold, replayed, or the code of the refusal.",
      labelNames: ["outcome"],
      registers,
    }),
    openStreams: new Gauge({ name: "open_streams", help: "Event streams open now.", registers }),
    streamEvents: new Counter({
      name: "stream_events_total",
      help: "Stock events written, summed over all streams.",
      registers,
    }),
    streamCuts: new Counter({
      name: "stream_cuts_total",
      help: "Streams this replica ended by force.",
      labelNames: ["reason"],
      registers,
    }),
    streamResyncs: new Counter({
      name: "stream_resyncs_total",
      help: "Streams that began again from a snapshot, because events they had not seen are no longer kept.",
      registers,
    }),
    feedEvents: new Counter({
      name: "stock_events_total",
      help: "Stock events this replica learned of, over the bus or from the ledger.",
      labelNames: ["source"],
      registers,
    }),
    busUp: new Gauge({ name: "bus_up", help: "1 while fan-out through Redis works.", registers }),
    busLost: new Counter({
      name: "bus_lost_events_total",
      help: "Events that could not be published; other replicas read them from the ledger.",
      registers,
    }),
    logDrops: new Counter({
      name: "log_lines_dropped_total",
      help: "Log lines given up because nobody read standard output.",
      registers,
    }),
    draining: new Gauge({
      name: "replica_draining",
      help: "1 from the moment this replica was told to leave.",
      registers,
    }),
    info: new Gauge({
      name: "replica_info",
      help: "Always 1; says which version runs and in which container.",
      labelNames: ["version", "host"],
      registers,
    }),
  };
}
