import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** What a replica tells Prometheus; every series has the label `instance_id`. */
export interface Metrics {
  readonly registry: Registry;
  /** `route` is a pattern out of the code, never a path out of a request. */
  request(method: string, route: string, status: number, seconds: number): void;
  readonly purchases: Counter<"outcome">;
  readonly openStreams: Gauge;
  readonly streamEvents: Counter;
  readonly streamCuts: Counter<"reason">;
  readonly feedEvents: Counter<"source">;
  readonly busUp: Gauge;
  readonly busLost: Counter;
  readonly logDrops: Counter;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const duration = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from the request's headers to the end of the answer; for streams to its beginning.",
    labelNames: ["method", "route", "status"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  // A child per series is made once: labels() costs more than observe().
  const children = new Map<string, { observe(seconds: number): void }>();
  return {
    registry,
    request: (method, route, status, seconds) => {
      const key = `${method} ${status} ${route}`;
      let child = children.get(key);
      if (child === undefined) {
        child = duration.labels(method, route, String(status));
        children.set(key, child);
      }
      child.observe(seconds);
    },
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
  };
}
