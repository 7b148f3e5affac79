import { randomUUID } from "node:crypto";
import { deadHeaders, ORDERS_TOPIC } from "@evenkeel/contracts";
import type { BookedOrder, ReconcileSamples, TopicMessage } from "../../src/lab/reconcile-samples.ts";

export const NOW = Date.UTC(2026, 10, 21);
export const PRICE = 1000;

interface Sale {
  orderId: string;
  eventId: number;
  productId: string;
  quantity: number;
}

export const sale = (eventId: number, productId = "spyglass", quantity = 1): Sale => ({
  orderId: randomUUID(),
  eventId,
  productId,
  quantity,
});

export const message = (offset: number, value: string | null, productId = "spyglass"): TopicMessage => ({
  partition: productId === "spyglass" ? 0 : 1,
  offset: String(offset),
  key: productId,
  value,
  headers: {},
});

export const placed = (order: Sale, offset = order.eventId, changes: object = {}): TopicMessage =>
  message(
    offset,
    JSON.stringify({
      type: "order.placed",
      ...order,
      totalCents: PRICE * order.quantity,
      instanceId: "1",
      at: NOW - 1000,
      ...changes,
    }),
    order.productId,
  );

export const wasReset = (eventId: number, offset = eventId, productId = "spyglass"): TopicMessage =>
  message(
    offset,
    JSON.stringify({ type: "stock.reset", eventId, productId, stock: 100, at: NOW }),
    productId,
  );

export const booking = (order: Sale, offset = order.eventId): BookedOrder => ({
  ...order,
  totalCents: PRICE * order.quantity,
  placedAt: NOW - 1000,
  bookedAt: NOW,
  bookedBy: "1",
  partition: order.productId === "spyglass" ? 0 : 1,
  offset: String(offset),
});

export const dead = (partition: number, offset: number, reason = "It is not JSON."): TopicMessage => ({
  ...message(0, "{"),
  headers: {
    [deadHeaders.reason]: reason,
    [deadHeaders.topic]: ORDERS_TOPIC.name,
    [deadHeaders.partition]: String(partition),
    [deadHeaders.offset]: String(offset),
  },
});

type Flow = NonNullable<ReconcileSamples["flow"]>;
export type Whole = ReconcileSamples & { flow: Flow };

/** A shop with these sales, all of them in Kafka and booked. */
export function agreeing(...sales: Sale[]): Whole {
  const sold = (id: string) =>
    sales.filter(({ productId }) => productId === id).reduce((sum, { quantity }) => sum + quantity, 0);
  return {
    readAt: NOW,
    shop: {
      newest: Math.max(0, ...sales.map(({ eventId }) => eventId)),
      drainedThrough: 0,
      products: ["spyglass", "sea-chart"].map((id) => ({ id, initialStock: 100, stock: 100 - sold(id) })),
      orders: sales.map((order) => ({ ...order, at: NOW - 1000 })),
    },
    flow: {
      topic: sales.map((order) => placed(order)),
      dead: [],
      books: sales.map((order) => booking(order)),
    },
    acknowledged: sales.map(({ orderId }) => orderId),
  };
}
