import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { ORDERS_TOPIC } from "@evenkeel/contracts";
import { expect, test } from "vitest";
import { toLogMessage } from "../../src/domain/order-message.ts";
import { RELAY_BATCH } from "../../src/domain/order-relay.ts";

/** What kafkajs makes of messages on their way; it exports none of it. */
interface Encoders {
  RecordBatch(of: object): Promise<{ buffer: Buffer }>;
  Record(of: object): object;
}

test("the largest batch that the contract allows is one that Kafka takes", async () => {
  const require = createRequire(import.meta.url);
  const { RecordBatch } = require("kafkajs/src/protocol/recordBatch/v0") as Encoders;
  const Record = require("kafkajs/src/protocol/recordBatch/record/v0") as Encoders["Record"];
  const max = Number.MAX_SAFE_INTEGER;
  const [name, at] = ["n".repeat(64), 9_999_999_999_999];
  const payload = { stock: max, sold: max, instanceId: name, orderId: randomUUID(), totalCents: max };
  const row = { id: max, type: "order.booked", key: name, payload: JSON.stringify(payload), at };
  const records = Array.from({ length: RELAY_BATCH }, (_, offsetDelta) =>
    Record({ offsetDelta, timestampDelta: 0, ...toLogMessage(row) }),
  );
  const { buffer } = await RecordBatch({ records, firstTimestamp: at, maxTimestamp: at });
  expect(buffer.length).toBeGreaterThan(RELAY_BATCH * 300);
  expect(buffer.length).toBeLessThan(ORDERS_TOPIC.maxMessageBytes);
});
