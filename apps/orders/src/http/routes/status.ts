import type { OrdersStatus } from "@evenkeel/contracts";
import { ask } from "@evenkeel/kit/http/probe";
import { healthAndStatus } from "@evenkeel/kit/http/status-routes";
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
  healthAndStatus(app, deps.instanceId, () => statusOf(deps));
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
