import type { OrderState } from "@evenkeel/contracts";
import { orderUnknown } from "./errors.ts";
import type { Books, Ledger } from "./ports.ts";

export interface OrderStateDeps {
  readonly ledger: Ledger;
  readonly books: Books;
}

/** How far an order has come. Throws `order.unknown` and what the ledger throws; the books may be away. */
export async function orderState({ ledger, books }: OrderStateDeps, orderId: string): Promise<OrderState> {
  const order = await ledger.findOrder(orderId);
  if (order === undefined) throw orderUnknown(orderId);
  const { published, ...placed } = order;
  const unbooked = { ...placed, bookedAt: null, bookedBy: null };
  // What Kafka does not have cannot be booked, so nobody is asked.
  if (!published) return { ...unbooked, state: "placed", books: "up" };
  try {
    const booking = await books.find(orderId);
    if (booking === undefined) return { ...unbooked, state: "published", books: "up" };
    const { bookedAt, bookedBy } = booking;
    return { ...placed, state: "booked", bookedAt, bookedBy, books: "up" };
  } catch {
    return { ...unbooked, state: "published", books: "down" };
  }
}
