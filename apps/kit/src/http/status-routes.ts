import type { HealthResponse } from "@evenkeel/contracts";
import type { Express } from "express";
import { methodNotAllowed } from "./errors.ts";

/**
 * `GET /health`: the process answers, and asks nobody. `GET /status`: what `statusOf` finds; 503 unless it is ready.
 */
export function healthAndStatus(
  app: Express,
  instanceId: string,
  statusOf: () => Promise<{ readonly status: string }>,
): void {
  app
    .route("/health")
    .get((_req, res) => {
      res.setHeader("Cache-Control", "no-store");
      res.json({ status: "ok", instanceId } satisfies HealthResponse);
    })
    .all(methodNotAllowed("GET, HEAD"));
  app
    .route("/status")
    .get(async (_req, res) => {
      const status = await statusOf();
      res.setHeader("Cache-Control", "no-store");
      res.status(status.status === "ready" ? 200 : 503).json(status);
    })
    .all(methodNotAllowed("GET, HEAD"));
}
