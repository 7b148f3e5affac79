import { randomUUID } from "node:crypto";
import type { Logger } from "@evenkeel/kit/logger";
import type { Registry } from "prom-client";
import { KafkaLog } from "./adapters/kafka-log.ts";
import { OrderRelay } from "./domain/order-relay.ts";
import type { Outbox } from "./domain/ports.ts";
import { kafkaUp } from "./domain/relay-state.ts";
import { createRelayMetrics } from "./relay-metrics.ts";

export interface RelayOptions {
  readonly instanceId: string;
  readonly kafkaBrokers: readonly string[];
  readonly outbox: Outbox;
  readonly registry: Registry;
  readonly log: Logger;
}

/** Puts the relay of one replica together, with its series and its words in the log. */
export function createRelay({ instanceId, kafkaBrokers, outbox, registry, log }: RelayOptions): OrderRelay {
  const metrics = createRelayMetrics(registry, {
    leads: () => relay.leads,
    figures: async () => {
      const [state, now] = [await outbox.state(), Date.now()];
      const oldestMs = state.oldestAt === null ? 0 : Math.max(0, now - state.oldestAt);
      return { waiting: state.waiting, oldestSeconds: oldestMs / 1000, kafkaUp: kafkaUp(state, now) };
    },
  });
  const relay = new OrderRelay({
    outbox,
    log: new KafkaLog({ brokers: kafkaBrokers, clientId: `evenkeel-shop-${instanceId}` }),
    holder: `${instanceId} ${randomUUID()}`,
    onKafka: (state, reason) => {
      if (state === "up") log.info("kafka is up: orders leave the outbox");
      else log.warn("kafka is down: orders wait in the outbox", { reason });
    },
    onPublished: (count, seconds) => {
      metrics.published.inc(count);
      metrics.publishSeconds.observe(seconds);
    },
    onFailure: () => metrics.failures.inc(),
    onOutbox: (reason) => log.error("the outbox cannot be drained, trying on", reason),
  });
  return relay;
}
