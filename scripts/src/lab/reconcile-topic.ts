import { deadHeaders, OrderMessage, type OrderPlaced } from "@evenkeel/contracts";
import { placeOf, type TopicMessage } from "./reconcile-samples.ts";

/** Where a message lies; offsets may be larger than a number holds exactly. */
export interface Place {
  partition: number;
  offset: string;
}

/** What the messages of the topic `orders` say, up to one event of the shop. */
export interface TopicOrders {
  /** Orders that count, by id, each with the place of its first copy. */
  orders: Map<string, OrderPlaced & Place>;
  /** Newest reset of each product. */
  resets: Map<string, { eventId: number } & Place>;
  /** Orders from before the last reset of their product. */
  forgotten: Set<string>;
  /** Further copies of an order with the same content; at-least-once delivery makes them. */
  copies: number;
  /** Ids under which the topic holds different orders. */
  conflicts: Set<string>;
  unreadable: Place[];
  /** Orders after that event, which nothing is said about. */
  newer: number;
}

/**
 * Reads the topic as the orders app does. An order counts when it is newer than the last reset of its product:
 * by event id, not by place, because a relay that starts over sends copies of old orders behind a reset.
 * @param through Event id; later messages are left out.
 */
export function readOrders(messages: TopicMessage[], through: number): TopicOrders {
  const said: TopicOrders = {
    orders: new Map(),
    resets: new Map(),
    forgotten: new Set(),
    copies: 0,
    conflicts: new Set(),
    unreadable: [],
    newer: 0,
  };
  const seen = new Map<string, OrderPlaced & Place>();
  for (const message of messages) {
    const place = { partition: message.partition, offset: message.offset };
    const parsed = parse(message.value);
    if (!parsed) said.unreadable.push(place);
    else if (parsed.eventId > through) said.newer++;
    else if (parsed.type === "order.placed") {
      const first = seen.get(parsed.orderId);
      if (!first) seen.set(parsed.orderId, { ...parsed, ...place });
      else if (sameOrder(first, parsed)) said.copies++;
      else said.conflicts.add(parsed.orderId);
    } else if (parsed.eventId > (said.resets.get(parsed.productId)?.eventId ?? 0))
      said.resets.set(parsed.productId, { eventId: parsed.eventId, ...place });
  }
  for (const [id, order] of seen)
    if (order.eventId > (said.resets.get(order.productId)?.eventId ?? 0)) said.orders.set(id, order);
    else said.forgotten.add(id);
  return said;
}

function parse(value: string | null): OrderMessage | undefined {
  try {
    return OrderMessage.safeParse(JSON.parse(value ?? "")).data;
  } catch {
    // Not even JSON; the orders app cannot read it either, and must have put it aside.
    return undefined;
  }
}

const sameOrder = (a: OrderPlaced, b: OrderPlaced) =>
  a.eventId === b.eventId &&
  a.productId === b.productId &&
  a.quantity === b.quantity &&
  a.totalCents === b.totalCents &&
  a.at === b.at;

/** Reasons of the dead letters by the place of the message that died. */
export function deathReasons(dead: TopicMessage[]): Map<string, string> {
  return new Map(
    dead.map(({ headers }) => [
      placeOf({
        partition: Number(headers[deadHeaders.partition]),
        offset: headers[deadHeaders.offset] ?? "",
      }),
      headers[deadHeaders.reason] ?? "no reason was given",
    ]),
  );
}
