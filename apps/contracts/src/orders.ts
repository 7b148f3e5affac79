import { z } from "zod";
import { Dependency } from "./status.ts";

/** Kafka topic with every order; the key is the product id, so one product's orders stay in order. */
export const ORDERS_TOPIC = {
  name: "orders",
  partitions: 6,
  retentionMs: 7 * 24 * 3_600_000,
  /**
   * The largest batch that Kafka takes, some 400 orders. It also bounds what a consumer is given at once: what it asks
   * for is no limit for a batch that is larger, which comes as a whole or, behind other partitions, never.
   */
  maxMessageBytes: 128 * 1024,
} as const;
/** Messages of the topic above that no consumer can understand, each with the reason. */
export const DEAD_TOPIC = { name: "orders.dead", partitions: 1, retentionMs: 30 * 24 * 3_600_000 } as const;
/** Redis channel on which the orders app tells the replicas what it has booked. */
export const ORDER_CHANNEL = "order-updates";

/** An order that was committed in the shop's database. May arrive more than once, always with the same id. */
export const OrderPlaced = z.object({
  type: z.literal("order.placed"),
  orderId: z.uuid(),
  /** Id of the stock event of the same commit; rises with time. */
  eventId: z.int().positive(),
  productId: z.string().min(1).max(64),
  quantity: z.int().positive(),
  totalCents: z.int().positive(),
  /** Replica that made the sale. */
  instanceId: z.string(),
  /** Unix time in milliseconds of the commit. */
  at: z.int().nonnegative(),
});
export type OrderPlaced = z.infer<typeof OrderPlaced>;

/** The shop forgot all orders of this product with a smaller event id: the lab was reset. */
export const StockReset = z.object({
  type: z.literal("stock.reset"),
  eventId: z.int().positive(),
  productId: z.string().min(1).max(64),
  stock: z.int().nonnegative(),
  at: z.int().nonnegative(),
});
export type StockReset = z.infer<typeof StockReset>;

/** What a message of the topic `orders` says. */
export const OrderMessage = z.discriminatedUnion("type", [OrderPlaced, StockReset]);
export type OrderMessage = z.infer<typeof OrderMessage>;

/** Headers of a message in the topic `orders.dead`; key and value are those of the message that died. */
export const deadHeaders = {
  /** Why it could not be booked, one sentence. */
  reason: "reason",
  topic: "from-topic",
  partition: "from-partition",
  offset: "from-offset",
} as const;

/** `booked` on the Redis channel and on the event stream: these orders are in the books now. */
export const OrdersBooked = z.strictObject({
  orderIds: z.array(z.string()).min(1),
  /** Instance of the orders app that booked them. */
  bookedBy: z.string(),
  /** Unix time in milliseconds. */
  at: z.int().nonnegative(),
});
export type OrdersBooked = z.infer<typeof OrdersBooked>;

/** One line of the orders app's books; `GET /bookings/:orderId` of the orders app. */
export const Booking = z.strictObject({
  orderId: z.string(),
  eventId: z.int().positive(),
  productId: z.string(),
  quantity: z.int().positive(),
  totalCents: z.int().positive(),
  /** Unix time in milliseconds of the sale in the shop. */
  placedAt: z.int().nonnegative(),
  /** Unix time in milliseconds of the commit in the books. */
  bookedAt: z.int().nonnegative(),
  bookedBy: z.string(),
  partition: z.int().nonnegative(),
  /** Kafka offset, which may be larger than a number can hold exactly. */
  offset: z.string(),
});
export type Booking = z.infer<typeof Booking>;

/** `GET /orders/:orderId` of the shop. */
export const OrderState = z.strictObject({
  orderId: z.string(),
  productId: z.string(),
  quantity: z.int().positive(),
  totalCents: z.int().positive(),
  placedAt: z.int().nonnegative(),
  /** placed: committed here. published: Kafka has it. booked: the orders app has it in its books. */
  state: z.enum(["placed", "published", "booked"]),
  bookedAt: z.int().nonnegative().nullable(),
  bookedBy: z.string().nullable(),
  /** `down`: the orders app could not be asked, so a booking may exist that is not shown. */
  books: z.enum(["up", "down"]),
});
export type OrderState = z.infer<typeof OrderState>;

/** `GET /status` of the orders app. 503 unless ready. */
export const OrdersStatus = z.strictObject({
  status: z.enum(["ready", "draining", "unavailable"]),
  instanceId: z.string(),
  version: z.string(),
  uptimeSeconds: z.number().nonnegative(),
  /** Partitions of the topic that this instance reads now. */
  partitions: z.array(z.int().nonnegative()),
  /** Orders in the books, of all instances. */
  booked: z.int().nonnegative(),
  dependencies: z.record(z.string(), Dependency),
});
export type OrdersStatus = z.infer<typeof OrdersStatus>;
