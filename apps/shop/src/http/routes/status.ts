import type { Dependency, HealthResponse, StatusResponse } from "@evenkeel/contracts";
import type { Express } from "express";
import type { CartStore, EventBus, Ledger } from "../../domain/ports.ts";
import { methodNotAllowed } from "../error-handler.ts";
import type { EventStreams } from "../event-stream.ts";

export interface StatusDeps {
  readonly instanceId: string;
  readonly version: string;
  readonly ledger: Ledger;
  readonly bus: EventBus;
  readonly carts: CartStore;
  readonly streams: EventStreams;
  readonly lifecycle: { readonly draining: boolean };
}

/** `GET /health`: the process answers. `GET /status`: it should be sent traffic. */
export function statusRoutes(app: Express, deps: StatusDeps): void {
  const { instanceId } = deps;
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
      const status = await statusOf(deps);
      res.setHeader("Cache-Control", "no-store");
      res.status(status.status === "ready" ? 200 : 503).json(status);
    })
    .all(methodNotAllowed("GET, HEAD"));
}

async function statusOf(deps: StatusDeps): Promise<StatusResponse> {
  const { instanceId, version, ledger, bus, carts, streams, lifecycle } = deps;
  const [database, redis] = await Promise.all([
    ask(true, () => ledger.probe()),
    // The shop sells without Redis: streams are late then, and shared carts are away.
    ask(false, () => bus.probe()),
  ]);
  const able = database.status === "up" ? "ready" : "unavailable";
  return {
    status: lifecycle.draining ? "draining" : able,
    instanceId,
    version,
    uptimeSeconds: Math.round(process.uptime() * 10) / 10,
    openStreams: streams.size,
    cart: carts.kind,
    dependencies: { database, redis },
  };
}

async function ask(required: boolean, probe: () => Promise<void>): Promise<Dependency> {
  const start = performance.now();
  try {
    await probe();
    return { status: "up", required, latencyMs: Math.round((performance.now() - start) * 100) / 100 };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { status: "down", required, latencyMs: null, detail };
  }
}
