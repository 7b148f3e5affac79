import type { Dependency, StatusResponse } from "@evenkeel/contracts";
import { ask } from "@evenkeel/kit/http/probe";
import { healthAndStatus } from "@evenkeel/kit/http/status-routes";
import type { Express } from "express";
import type { CartStore, EventBus, Ledger, Outbox } from "../../domain/ports.ts";
import { describeRelay, kafkaUp } from "../../domain/relay-state.ts";
import type { EventStreams } from "../event-stream.ts";

export interface StatusDeps {
  readonly instanceId: string;
  readonly version: string;
  readonly ledger: Ledger;
  /** Undefined: this shop has no relay, and Kafka is none of its concerns. */
  readonly outbox: Outbox | undefined;
  readonly bus: EventBus;
  readonly carts: CartStore;
  readonly streams: EventStreams;
  readonly lifecycle: { readonly draining: boolean };
}

/** `GET /health`: the process answers. `GET /status`: it should be sent traffic. */
export function statusRoutes(app: Express, deps: StatusDeps): void {
  healthAndStatus(app, deps.instanceId, () => statusOf(deps));
}

async function statusOf(deps: StatusDeps): Promise<StatusResponse> {
  const { instanceId, version, ledger, outbox, bus, carts, streams, lifecycle } = deps;
  const [database, redis, kafka] = await Promise.all([
    ask(true, () => ledger.probe()),
    // The shop sells without Redis: streams are late then, and shared carts are away.
    ask(false, () => bus.probe()),
    outbox === undefined ? undefined : kafkaStatus(outbox),
  ]);
  const able = database.status === "up" ? "ready" : "unavailable";
  return {
    status: lifecycle.draining ? "draining" : able,
    instanceId,
    version,
    uptimeSeconds: Math.round(process.uptime() * 10) / 10,
    openStreams: streams.size,
    cart: carts.kind,
    dependencies: { database, redis, ...(kafka === undefined ? {} : { kafka }) },
  };
}

/**
 * One replica talks to Kafka, and all tell the same: what it noted in the database. To ask from here would let
 * an absent Kafka slow down what balancers ask every second.
 */
async function kafkaStatus(outbox: Outbox): Promise<Dependency> {
  try {
    const [state, now] = [await outbox.state(), Date.now()];
    const up = kafkaUp(state, now) === true;
    const latencyMs = up && state.latencyMs !== null ? Math.round(state.latencyMs * 100) / 100 : null;
    return { status: up ? "up" : "down", required: false, latencyMs, detail: describeRelay(state, now) };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { status: "down", required: false, latencyMs: null, detail };
  }
}
