import { Histogram, type Registry } from "prom-client";

export interface RequestMetrics {
  /** `route` is a pattern out of the code, never a path out of a request. */
  request(method: string, route: string, status: number, seconds: number): void;
}

/** Every app's histogram of answered requests, the same by name, labels and buckets. */
export function requestMetrics(registry: Registry): RequestMetrics {
  const duration = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from the request's headers to the end of the answer; for streams to its beginning.",
    labelNames: ["method", "route", "status"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  // A child per series is made once: labels() costs more than observe().
  const children = new Map<string, { observe(seconds: number): void }>();
  return {
    request: (method, route, status, seconds) => {
      const key = `${method} ${status} ${route}`;
      let child = children.get(key);
      if (child === undefined) {
        child = duration.labels(method, route, String(status));
        children.set(key, child);
      }
      child.observe(seconds);
    },
  };
}
