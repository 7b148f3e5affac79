import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { createLogger } from "@evenkeel/kit/logger";
import { onTestFinished } from "vitest";
import { loadAssets } from "../../src/assets.ts";
import { createMetrics } from "../../src/metrics.ts";
import { createReplica, type Replica } from "../../src/replica.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export const redisUrl = process.env.REDIS_URL ?? "";
/** `host:port`, more of them after commas; the tests share its topics and look for orders of their own. */
export const kafkaBrokers = (process.env.KAFKA_BROKERS ?? "").split(",");

/** What replicas of one lab share: a database file and a channel of their own on the tests' Redis. */
export interface Shared {
  readonly databaseFile: string;
  readonly channel: string;
  readonly orderChannel: string;
}

export const shared = (): Shared => ({
  databaseFile: join(temporaryFolder(), "shop.db"),
  channel: `stock-updates-${randomUUID()}`,
  orderChannel: `order-updates-${randomUUID()}`,
});

export interface Running extends Replica {
  readonly url: string;
  readonly port: number;
  readonly logLines: string[];
  /** As an HTTP client sees it. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  buy(productId: string, quantity: number, key?: string): Promise<Response>;
}

export interface StartOptions {
  readonly instanceId?: string;
  readonly redisUrl?: string;
  /** Without them the replica has no relay. */
  readonly kafkaBrokers?: readonly string[];
  readonly ordersUrl?: string;
  readonly cartStore?: "redis" | "memory";
  readonly logFormat?: "pretty" | "json";
  readonly publicFolder?: string;
}

/** A whole replica in this process, on a port of its own, stopped after the test. */
export async function startReplica(on: Shared, options: StartOptions = {}): Promise<Running> {
  const { instanceId = "1", logFormat = "pretty" } = options;
  const logLines: string[] = [];
  const destination = { write: (text: string) => void logLines.push(text) };
  const replica = await createReplica({
    ...on,
    instanceId,
    backend: `evenkeel-app-${instanceId}:8000`,
    version: "test",
    redisUrl: options.redisUrl ?? redisUrl,
    kafkaBrokers: options.kafkaBrokers ?? [],
    ordersUrl: options.ordersUrl ?? "http://127.0.0.1:1",
    cartStore: options.cartStore ?? "memory",
    assets: loadAssets(options.publicFolder ?? temporaryFolder()),
    metrics: createMetrics(),
    log: createLogger({ format: logFormat, level: "info", instanceId }, destination),
  });
  const port = await replica.listen(0, "127.0.0.1");
  onTestFinished(async () => {
    await replica.drain(0, 100);
  });
  const url = `http://127.0.0.1:${port}`;
  const call = (path: string, init?: RequestInit) => fetch(url + path, init);
  const buy = (productId: string, quantity: number, key?: string) =>
    call("/purchase", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
      body: JSON.stringify({ productId, quantity }),
    });
  return { ...replica, url, port, logLines, fetch: call, buy };
}
