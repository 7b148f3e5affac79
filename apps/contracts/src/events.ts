import { z } from "zod";
import { StockList } from "./catalogue.ts";
import { OrdersBooked } from "./orders.ts";

/** Redis channel on which every replica hears of new stock events. */
export const STOCK_CHANNEL = "stock-updates";

/** One change of stock. Ids rise by one per event, in the order of the database's commits. */
export const StockEvent = z.strictObject({
  id: z.int().positive(),
  productId: z.string(),
  stock: z.int().nonnegative(),
  /** Units sold by the order that caused it; 0 when the lab was reset. */
  sold: z.int().nonnegative(),
  /** Replica that made the sale; empty when the change came from the command line. */
  instanceId: z.string(),
  /** Unix time in milliseconds of the commit. */
  at: z.int().nonnegative(),
});
export type StockEvent = z.infer<typeof StockEvent>;

/**
 * Events on `GET /events` by name. Only `stock` and `snapshot` carry an `id:`, so `Last-Event-ID` always
 * names a committed stock event.
 */
export const StreamEvents = {
  /** First event of every connection: who serves this stream and whether fan-out works. */
  hello: z.strictObject({ instanceId: z.string(), bus: z.enum(["up", "down"]) }),
  /** Complete stock; sent to a new client, and where the missed events are no longer kept. */
  snapshot: StockList,
  stock: StockEvent,
  /** The orders app booked these orders; may be missed, `GET /orders/:orderId` tells for certain. */
  booked: OrdersBooked,
  /** Fan-out through Redis was lost or came back. While it is down, updates arrive late. */
  bus: z.strictObject({ bus: z.enum(["up", "down"]) }),
  /** The replica is going away; reconnect, another one will answer. */
  draining: z.strictObject({ instanceId: z.string() }),
} as const;
export type StreamEventName = keyof typeof StreamEvents;
