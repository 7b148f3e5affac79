import { randomUUID } from "node:crypto";
import type { OrderPlaced, StockReset } from "@evenkeel/contracts";
import type { RawMessage } from "../../src/domain/ports.ts";
import { readMessage } from "../../src/domain/read-message.ts";

/** An order nobody has placed before. */
export const order = (eventId: number, more: Partial<OrderPlaced> = {}): OrderPlaced => ({
  type: "order.placed",
  orderId: randomUUID(),
  eventId,
  productId: "rope",
  quantity: 2,
  totalCents: 1800,
  instanceId: "1",
  at: 1_700_000_000_000 + eventId,
  ...more,
});

export const reset = (eventId: number, productId = "rope"): StockReset => ({
  type: "stock.reset",
  eventId,
  productId,
  stock: 100,
  at: 1_700_000_000_000 + eventId,
});

/** As it lies in Kafka; objects become JSON. */
export function raw(content: object | string | Buffer | null, offset = 0, partition = 3): RawMessage {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  const value = content === null || Buffer.isBuffer(content) ? content : Buffer.from(text);
  return { origin: { topic: "orders", partition, offset: String(offset) }, key: Buffer.from("rope"), value };
}

/** Messages of one partition that can be understood, with rising offsets. */
export const readable = (...contents: object[]) =>
  contents.map((content, offset) => {
    const read = readMessage(raw(content, offset));
    if ("cause" in read) throw new Error(read.reason);
    return read;
  });
