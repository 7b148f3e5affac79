import type { OrderMessage } from "@evenkeel/contracts";
import type { LogMessage, OutboxRow } from "./ports.ts";

/**
 * What Kafka is told of a row of the outbox. A row that cannot be understood goes as it is: the orders app files
 * it under `orders.dead` with the reason, while here it would hold up everything behind it.
 */
export function toLogMessage(row: OutboxRow): LogMessage {
  const message = understand(row);
  return { key: row.key, value: message === undefined ? row.payload : JSON.stringify(message) };
}

function understand({ id: eventId, type, key: productId, payload, at }: OutboxRow): OrderMessage | undefined {
  const fields = parse(payload);
  if (fields === undefined) return undefined;
  const { orderId, sold: quantity, totalCents, instanceId, stock } = fields;
  if (type === "stock.reset") return { type, eventId, productId, stock, at };
  if (type !== "order.booked") return undefined;
  return { type: "order.placed", orderId, eventId, productId, quantity, totalCents, instanceId, at };
}

/** Fields that one kind of row does not have are not used for it. */
interface Payload {
  readonly orderId: string;
  readonly sold: number;
  readonly totalCents: number;
  readonly instanceId: string;
  readonly stock: number;
}

function parse(text: string): Payload | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Payload) : undefined;
  } catch {
    return undefined;
  }
}
