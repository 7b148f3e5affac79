import { z } from "zod";
import { Booking } from "./orders.ts";

/** One line that `node src/audit.ts` prints in a replica's container; the lines are one consistent snapshot. */
export const ShopAuditLine = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("outbox"),
    /** Newest event. */
    newest: z.int().nonnegative(),
    /** Newest event that the relay knows to be in Kafka. */
    drainedThrough: z.int().nonnegative(),
  }),
  z.strictObject({
    kind: z.literal("product"),
    id: z.string(),
    initialStock: z.int().nonnegative(),
    stock: z.int().nonnegative(),
  }),
  z.strictObject({
    kind: z.literal("order"),
    orderId: z.string(),
    eventId: z.int().positive(),
    productId: z.string(),
    quantity: z.int().positive(),
    at: z.int().nonnegative(),
  }),
]);
export type ShopAuditLine = z.infer<typeof ShopAuditLine>;

/** One line that `node src/audit.ts` prints in a container of the orders app. */
export const BooksAuditLine = Booking.extend({ kind: z.literal("booking") });
export type BooksAuditLine = z.infer<typeof BooksAuditLine>;

/** One line that `node src/read-topic.ts <topic>` prints in a container of the orders app. */
export const TopicLine = z.strictObject({
  kind: z.literal("message"),
  partition: z.int().nonnegative(),
  offset: z.string(),
  key: z.string().nullable(),
  /** As text, exactly as it is in Kafka. */
  value: z.string().nullable(),
  headers: z.record(z.string(), z.string()),
});
export type TopicLine = z.infer<typeof TopicLine>;
