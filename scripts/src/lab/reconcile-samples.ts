import type { BooksAuditLine, ShopAuditLine, TopicLine } from "@evenkeel/contracts";

type ShopLine<K extends ShopAuditLine["kind"]> = Omit<Extract<ShopAuditLine, { kind: K }>, "kind">;
export type ShopProduct = ShopLine<"product">;
export type ShopOrder = ShopLine<"order">;
export type BookedOrder = Omit<BooksAuditLine, "kind">;
export type TopicMessage = Omit<TopicLine, "kind">;

/** One consistent snapshot of the shop's database. */
export interface ShopSnapshot {
  /** Newest event. */
  newest: number;
  /** Newest event that the relay knows to be in Kafka. */
  drainedThrough: number;
  products: ShopProduct[];
  /** Since the last reset. */
  orders: ShopOrder[];
}

/** What became of the orders behind the shop. */
export interface OrderFlow {
  /** Topic `orders`, from the first message it still has to the end it had when it was read. */
  topic: TopicMessage[];
  /** Topic `orders.dead`. */
  dead: TopicMessage[];
  books: BookedOrder[];
}

/** Everything a reconciliation is judged by. */
export interface ReconcileSamples {
  /** Unix time in milliseconds at which Kafka was read; what the topic no longer has is measured by it. */
  readAt: number;
  shop: ShopSnapshot;
  /** Null when Kafka or the orders app is not there; the shop alone can still be wrong. */
  flow: OrderFlow | null;
  /** Order ids that clients were told; null when none were given. */
  acknowledged: string[] | null;
}

/** `2 × spyglass, event 17` */
export const describeOrder = (order: { quantity: number; productId: string; eventId: number }) =>
  `${order.quantity} × ${order.productId}, event ${order.eventId}`;

/** `5-1234`, where a message lies in a topic. */
export const placeOf = ({ partition, offset }: { partition: number; offset: string }) =>
  `${partition}-${offset}`;
