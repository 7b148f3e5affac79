import type { Express } from "express";
import type { Registry } from "prom-client";
import { methodNotAllowed } from "./errors.ts";

/** `GET /metrics` in Prometheus' text format. */
export function metricsRoutes(app: Express, registry: Registry): void {
  app
    .route("/metrics")
    .get(async (_req, res) => {
      res.setHeader("Cache-Control", "no-store");
      res.setHeader("Content-Type", registry.contentType);
      res.end(await registry.metrics());
    })
    .all(methodNotAllowed("GET, HEAD"));
}
