import type { ContainerUsage } from "../runtime/docker.ts";
import { type Series, seriesIn } from "../runtime/exposition.ts";

/** Asked by health checks and by those who watch, so no request of a customer. */
const NOT_CUSTOMERS = new Set(["/health", "/metrics", "/status"]);

const BUCKET = "http_request_duration_seconds_bucket";
const COUNT = "http_request_duration_seconds_count";
const NAMES = new Set([
  BUCKET,
  COUNT,
  "process_start_time_seconds",
  "open_streams",
  "outbox_backlog_events",
  "outbox_backlog_age_seconds",
  "relay_leader",
  "orders_booked_total",
  "orders_consumer_lag",
  "orders_dead_total",
]);

/** What an app told about itself, once. Figures it does not have are null. */
export interface AppReading {
  /** Milliseconds of this process' clock at which it answered. */
  at: number;
  /** Unix time in seconds; another value than before means counters that began anew. */
  startedAt: number;
  requests: number;
  /** Upper bound in seconds → requests that took at most that. */
  buckets: Map<number, number>;
  streams: number | null;
  backlog: number | null;
  backlogAgeSeconds: number | null;
  leads: boolean;
  booked: number | null;
  /** Messages of all its partitions that it has not read yet. */
  lag: number | null;
  dead: number | null;
}

/** One container at one moment. */
export interface ContainerReading {
  id: string;
  name: string;
  service: string;
  ordinal: number;
  state: string;
  /** Null when it does not run, or could not be asked in time. */
  usage: ContainerUsage | null;
  app: AppReading | null;
}

/** @param at Milliseconds of this process' clock. */
export function readApp(exposition: string, at: number): AppReading {
  const series = seriesIn(exposition, NAMES);
  const sum = (name: string): number | null => {
    const values = series.filter((one) => one.name === name).map(({ value }) => value);
    const total = values.reduce((a, b) => a + b, 0);
    // An app says "not a number" of what it could not find out itself.
    return values.length === 0 || Number.isNaN(total) ? null : total;
  };
  const ofCustomers = ({ labels }: Series) => !NOT_CUSTOMERS.has(labels.route ?? "");
  const buckets = new Map<number, number>();
  for (const one of series.filter(({ name }) => name === BUCKET).filter(ofCustomers)) {
    const bound = one.labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(one.labels.le);
    buckets.set(bound, (buckets.get(bound) ?? 0) + one.value);
  }
  return {
    at,
    startedAt: sum("process_start_time_seconds") ?? 0,
    requests: series
      .filter(({ name }) => name === COUNT)
      .filter(ofCustomers)
      .reduce((total, { value }) => total + value, 0),
    buckets,
    streams: sum("open_streams"),
    backlog: sum("outbox_backlog_events"),
    backlogAgeSeconds: sum("outbox_backlog_age_seconds"),
    leads: sum("relay_leader") === 1,
    booked: sum("orders_booked_total"),
    lag: sum("orders_consumer_lag"),
    dead: sum("orders_dead_total"),
  };
}
