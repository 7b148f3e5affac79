import { type BookedOrder, type OrderFlow, placeOf } from "./reconcile-samples.ts";
import { deathReasons, type Place, type TopicOrders } from "./reconcile-topic.ts";

/**
 * What the orders app may simply not have come to yet. It reads each partition in order, so whatever lies before
 * the last order it booked from that partition was passed over for good; only what lies behind may still come.
 * @returns a line for each such thing; none means that waiting longer changes nothing.
 */
export function stillToCome(said: TopicOrders, { dead, books }: Omit<OrderFlow, "topic">): string[] {
  const reached = lastBooked(books);
  const ahead = ({ partition, offset }: Place) => BigInt(offset) > (reached.get(partition) ?? -1n);
  const booked = new Set(books.map(({ orderId }) => orderId));
  const reasons = deathReasons(dead);
  return [
    ...[...said.orders.values()]
      .filter((order) => !booked.has(order.orderId) && !reasons.has(placeOf(order)) && ahead(order))
      .map(({ orderId }) => `order ${orderId}`),
    // A booking goes away when the reset after it is read, and that leaves no other trace in the books.
    ...books
      .filter(({ productId, eventId }) => eventId < (said.resets.get(productId)?.eventId ?? 0))
      .map(({ orderId }) => `the reset after order ${orderId}`),
    // A batch is booked before its dead letters are sent, so what was booked behind one proves nothing.
    ...said.unreadable
      .map(placeOf)
      .filter((place) => !reasons.has(place))
      .map((place) => `message ${place}`),
  ];
}

function lastBooked(books: BookedOrder[]): Map<number, bigint> {
  const last = new Map<number, bigint>();
  for (const { partition, offset } of books) {
    const at = BigInt(offset);
    if (at > (last.get(partition) ?? -1n)) last.set(partition, at);
  }
  return last;
}
