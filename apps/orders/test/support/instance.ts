import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { OrdersStatus } from "@evenkeel/contracts";
import { createLogger } from "@evenkeel/kit/logger";
import { onTestFinished } from "vitest";
import { DEATH_CAUSES } from "../../src/domain/ports.ts";
import { createMetrics } from "../../src/metrics.ts";
import { createService } from "../../src/service.ts";
import { brokers, redisUrl } from "./servers.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** What the instances of one lab share. */
export interface Shared {
  readonly databaseFile: string;
  readonly group: string;
  readonly channel: string;
}

export const shared = (): Shared => ({
  databaseFile: join(temporaryFolder(), "orders.db"),
  group: `orders-test-${randomUUID()}`,
  channel: `order-updates-${randomUUID()}`,
});

export interface Running {
  readonly logLines: string[];
  status(): Promise<OrdersStatus>;
  /** Value of a metric without labels of its own. */
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

/** A whole instance in this process, on a port of its own, stopped after the test at the latest. */
export async function startInstance(on: Shared, instanceId = "1"): Promise<Running> {
  const logLines: string[] = [];
  const metrics = createMetrics(DEATH_CAUSES);
  const service = await createService({
    ...on,
    instanceId,
    backend: `evenkeel-orders-${instanceId}:8000`,
    version: "test",
    brokers,
    redisUrl,
    metrics,
    log: createLogger(
      { format: "pretty", level: "info", instanceId },
      { write: (text) => void logLines.push(text) },
    ),
  });
  const port = await service.listen(0, "127.0.0.1");
  let stopped: Promise<number> | undefined;
  const stop = async () => {
    stopped ??= service.stop(500);
    await stopped;
  };
  onTestFinished(stop);
  return {
    logLines,
    status: async () => OrdersStatus.parse(await (await fetch(`http://127.0.0.1:${port}/status`)).json()),
    metric: async (name) => {
      const found = await metrics.registry.getSingleMetric(name)?.get();
      return (found?.values ?? []).reduce((sum, { value }) => sum + value, 0);
    },
    stop,
  };
}
