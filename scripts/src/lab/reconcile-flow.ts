import { ORDERS_TOPIC } from "@evenkeel/contracts";
import {
  type BookedOrder,
  describeOrder,
  type OrderFlow,
  placeOf,
  type ShopOrder,
  type ShopSnapshot,
} from "./reconcile-samples.ts";
import { deathReasons, type TopicOrders } from "./reconcile-topic.ts";
import type { Difference } from "./reconcile-verdict.ts";

export interface FlowCounts {
  /** Orders that count in Kafka. */
  kafka: number;
  booked: number;
  copies: number;
  expired: number;
  newer: number;
  deadLetters: number;
}

/** Kafka = database, and books = Kafka; each difference once, at the first place where it shows. */
export function compareFlow(
  readAt: number,
  shop: ShopSnapshot,
  said: TopicOrders,
  { books, dead }: OrderFlow,
): { differences: Difference[]; counts: FlowCounts } {
  const database = new Map(shop.orders.map((order) => [order.orderId, order]));
  // A message is at least as young as its order, so Kafka cannot have dropped it by age before this.
  const isExpired = ({ orderId, at }: ShopOrder) =>
    !said.orders.has(orderId) && at < readAt - ORDERS_TOPIC.retentionMs;
  const expired = shop.orders.filter(isExpired);
  const expected = new Map<string, Pick<ShopOrder, "productId" | "quantity" | "eventId">>([
    ...expired.map((order) => [order.orderId, order] as const),
    ...said.orders,
  ]);
  const differences = [
    ...shop.orders
      .filter((order) => !said.orders.has(order.orderId) && !isExpired(order))
      .map(notInKafka(said)),
    ...[...said.orders.values()].filter(({ orderId }) => !database.has(orderId)).map(notInDatabase),
    ...[...said.conflicts].map(
      (id): Difference => ({
        kind: "one id, two orders",
        id,
        text: "Kafka holds messages with this order id that differ in product, quantity, price, event or time",
      }),
    ),
    ...contents(database, said),
    // What is in the database and not in Kafka is named above; that it is booked all the same adds nothing.
    ...judgeBooks(expected, said, { books: books.filter(isNamed(database, expected)), dead }, shop.newest),
    ...unreadable(said, { dead }),
  ];
  const counts: FlowCounts = {
    kafka: said.orders.size,
    booked: books.filter(({ eventId }) => eventId <= shop.newest).length,
    copies: said.copies,
    expired: expired.length,
    newer: said.newer,
    deadLetters: dead.length,
  };
  return { differences, counts };
}

const isNamed =
  (database: Map<string, unknown>, expected: Map<string, unknown>) =>
  ({ orderId }: BookedOrder) =>
    expected.has(orderId) || !database.has(orderId);

const notInKafka =
  (said: TopicOrders) =>
  (order: ShopOrder): Difference => ({
    kind: "not in Kafka",
    id: order.orderId,
    text: `the database has it (${describeOrder(order)}), Kafka ${said.forgotten.has(order.orderId) ? "has a newer reset of the product" : "has not"}`,
  });

const notInDatabase = (order: { orderId: string } & Parameters<typeof describeOrder>[0]): Difference => ({
  kind: "not in the database",
  id: order.orderId,
  text: `Kafka has it (${describeOrder(order)}), the shop's database has not`,
});

function contents(database: Map<string, ShopOrder>, said: TopicOrders): Difference[] {
  return [...said.orders.values()].flatMap((kafka): Difference[] => {
    const own = database.get(kafka.orderId);
    if (!own || describeOrder(own) === describeOrder(kafka)) return [];
    const text = `${describeOrder(own)} in the database, ${describeOrder(kafka)} in Kafka`;
    return [{ kind: "content", id: kafka.orderId, text }];
  });
}

function judgeBooks(
  expected: Map<string, Pick<ShopOrder, "productId" | "quantity" | "eventId">>,
  said: TopicOrders,
  { books, dead }: Omit<OrderFlow, "topic">,
  through: number,
): Difference[] {
  const reasons = deathReasons(dead);
  const booked = new Map<string, BookedOrder>();
  const differences: Difference[] = [];
  for (const booking of books) {
    const id = booking.orderId;
    if (booked.has(id)) differences.push({ kind: "booked twice", id, text: describeOrder(booking) });
    booked.set(id, booking);
    const want = expected.get(id);
    if (!want && booking.eventId <= through)
      differences.push({
        kind: "booked only",
        id,
        text: `the books have it (${describeOrder(booking)}), ${why(said, id)}`,
      });
    else if (want && !agrees(booking, want, said))
      differences.push({
        kind: "content",
        id,
        text: `${describeOrder(want)} was ordered, ${describeOrder(booking)} is booked at ${booking.totalCents} cents`,
      });
  }
  for (const [id, order] of expected) {
    if (booked.has(id)) continue;
    const kafka = said.orders.get(id);
    const died = kafka && reasons.get(placeOf(kafka));
    const text = `the books do not have it (${describeOrder(order)})${died ? `; it lies in orders.dead: ${died}` : ""}`;
    differences.push({ kind: "not booked", id, text });
  }
  return differences;
}

const agrees = (booking: BookedOrder, want: Parameters<typeof describeOrder>[0], said: TopicOrders) =>
  describeOrder(booking) === describeOrder(want) &&
  booking.totalCents === (said.orders.get(booking.orderId)?.totalCents ?? booking.totalCents);

const why = (said: TopicOrders, id: string) =>
  said.forgotten.has(id) ? "although a reset came after it" : "Kafka does not";

function unreadable(said: TopicOrders, { dead }: Pick<OrderFlow, "dead">): Difference[] {
  const reasons = deathReasons(dead);
  return said.unreadable
    .map(placeOf)
    .filter((place) => !reasons.has(place))
    .map((id) => ({
      kind: "put aside",
      id,
      text: "nobody can read this message, and orders.dead does not have it",
    }));
}
