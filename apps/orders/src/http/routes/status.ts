import type { HealthResponse, OrdersStatus } from "@evenkeel/contracts";
import { methodNotAllowed } from "@evenkeel/kit/http/errors";
import { ask } from "@evenkeel/kit/http/probe";
import type { Express } from "express";
import type { Announcer, Books, Membership } from "../../domain/ports.ts";

export interface StatusDeps {
  readonly instanceId: string;
  readonly version: string;
  readonly books: Books;
  readonly membership: Membership;
  readonly announcer: Announcer;
  readonly lifecycle: { readonly draining: boolean };
}

/** `GET /health`: the process answers. `GET /status`: it books orders. */
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

async function statusOf(deps: StatusDeps): Promise<OrdersStatus> {
  const { instanceId, version, books, membership, announcer, lifecycle } = deps;
  let booked = 0;
  const [database, kafka, redis] = await Promise.all([
    ask(true, async () => {
      await books.probe();
      booked = await books.count();
    }),
    ask(true, () => membership.probe()),
    // Without Redis pages are told late and orders are booked all the same.
    ask(false, () => announcer.probe()),
  ]);
  const able = database.status === "up" && kafka.status === "up" ? "ready" : "unavailable";
  return {
    status: lifecycle.draining ? "draining" : able,
    instanceId,
    version,
    uptimeSeconds: Math.round(process.uptime() * 10) / 10,
    partitions: [...membership.partitions],
    booked,
    dependencies: { database, kafka, redis },
  };
}
