import { randomUUID } from "node:crypto";
import { ORDERS_TOPIC } from "@evenkeel/contracts";
import { describe, expect, it } from "vitest";
import { stillToCome } from "../../src/lab/reconcile-pending.ts";
import type { ReconcileSamples } from "../../src/lab/reconcile-samples.ts";
import { readOrders } from "../../src/lab/reconcile-topic.ts";
import { judgeReconciliation } from "../../src/lab/reconcile-verdict.ts";
import {
  agreeing,
  booking,
  dead,
  message,
  NOW,
  PRICE,
  placed,
  sale,
  type Whole,
  wasReset,
} from "./reconcile-fixtures.ts";

const red = (samples: ReconcileSamples) =>
  judgeReconciliation(samples).differences.map(({ kind, id }) => `${kind}: ${id}`);
const [a, b, c] = [sale(1), sale(2, "sea-chart", 3), sale(3)];
const whole = () => agreeing(a, b, c);

describe("a reconciliation is green", () => {
  it("when every order is everywhere", () => {
    const verdict = judgeReconciliation(whole());
    expect(verdict).toMatchObject({ pass: true, complete: true, differences: [], notes: [] });
    expect(verdict.counts).toMatchObject({ acknowledged: 3, database: 3, kafka: 3, booked: 3 });
    expect(verdict.findings.every(({ ok }) => ok)).toBe(true);
  });

  it("when nothing was ever sold", () => expect(red(agreeing())).toEqual([]));

  it("when Kafka holds copies, which it counts", () => {
    const samples = whole();
    samples.flow.topic.push(placed(a, 9), placed(c, 10));
    const verdict = judgeReconciliation(samples);
    expect(verdict).toMatchObject({ pass: true, counts: { kafka: 3, copies: 2 } });
    expect(verdict.notes).toEqual([expect.stringContaining("2 messages in Kafka are copies")]);
  });

  it("when traffic goes on after the snapshot of the shop", () => {
    const samples = whole();
    const [late, later] = [sale(4), sale(5)];
    samples.flow.topic.push(placed(late), placed(later));
    samples.flow.books.push(booking(late));
    expect(red(samples)).toEqual([]);
    expect(judgeReconciliation(samples).notes).toEqual([expect.stringContaining("2 messages came after")]);
  });

  it("when a reset came between, even if a relay sent an old order again behind it", () => {
    const samples = agreeing(c);
    samples.flow.topic.unshift(placed(a), wasReset(2), placed(a, 8));
    samples.acknowledged?.push(a.orderId);
    expect(red(samples)).toEqual([]);
    expect(judgeReconciliation(samples).notes.join()).toContain("1 acknowledged orders were forgotten");
  });

  it("when Kafka dropped an order by age, which it says", () => {
    const samples = whole();
    samples.shop.orders[0]!.at = NOW - ORDERS_TOPIC.retentionMs - 1;
    samples.flow.topic.shift();
    expect(judgeReconciliation(samples)).toMatchObject({ pass: true, counts: { expired: 1 } });
  });

  it("when what nobody can read was put aside", () => {
    const samples = whole();
    samples.flow.topic.push(message(4, "{"), message(5, null));
    samples.flow.dead.push(dead(0, 4), dead(0, 5));
    expect(red(samples)).toEqual([]);
    expect(judgeReconciliation(samples).notes).toEqual([
      expect.stringContaining("2 messages lie in orders.dead"),
    ]);
  });
});

describe("a reconciliation is red", () => {
  it("when stock and sales do not add up", () => {
    const samples = whole();
    samples.shop.products[0]!.stock = 99;
    expect(red(samples)).toEqual(["stock: spyglass"]);
    expect(judgeReconciliation(samples).differences[0]?.text).toBe(
      "initial stock 100, but stock 99 + sold 2 = 101",
    );
  });

  it("when a product was sold that is not there", () => {
    const samples = whole();
    samples.shop.products.pop();
    expect(red(samples)).toEqual(["stock: sea-chart"]);
  });

  it("when a client was told of an order that the database lacks", () => {
    const lost = randomUUID();
    expect(red({ ...whole(), acknowledged: [lost, lost, a.orderId] })).toEqual([`acknowledged: ${lost}`]);
  });

  it("when a row is gone from the shop's database", () => {
    const samples = whole();
    samples.shop.orders = samples.shop.orders.filter(({ orderId }) => orderId !== b.orderId);
    expect(red(samples)).toEqual([
      "stock: sea-chart",
      `acknowledged: ${b.orderId}`,
      `not in the database: ${b.orderId}`,
    ]);
  });

  it("when the relay skipped an order", () => {
    const samples = whole();
    samples.flow.topic.splice(1, 1);
    samples.flow.books.splice(1, 1);
    expect(red(samples)).toEqual([`not in Kafka: ${b.orderId}`]);
  });

  it("when an order younger than the retention is not in Kafka, booked or not", () => {
    const samples = whole();
    samples.shop.orders[0]!.at = NOW - ORDERS_TOPIC.retentionMs + 1;
    samples.flow.topic.shift();
    expect(red(samples)).toEqual([`not in Kafka: ${a.orderId}`]);
  });

  it("when a row is gone from the books", () => {
    const samples = whole();
    samples.flow.books.shift();
    expect(red(samples)).toEqual([`not booked: ${a.orderId}`]);
  });

  it("when an order that Kafka dropped by age is not in the books", () => {
    const samples = whole();
    samples.shop.orders[0]!.at = 0;
    samples.flow.topic.shift();
    samples.flow.books.shift();
    expect(red(samples)).toEqual([`not booked: ${a.orderId}`]);
  });

  it("when a good order died, and says of what", () => {
    const samples = whole();
    samples.flow.books.shift();
    samples.flow.dead.push(dead(0, 1, "The database was full."));
    expect(judgeReconciliation(samples).differences[0]?.text).toContain(
      "it lies in orders.dead: The database was full.",
    );
  });

  it("when the books hold what was never ordered, or what a reset took back", () => {
    const samples = whole();
    const ghost = sale(2);
    samples.flow.books.push(booking(ghost));
    expect(red(samples)).toEqual([`booked only: ${ghost.orderId}`]);
    const after = agreeing(c);
    after.flow.topic.unshift(placed(a), wasReset(2));
    after.flow.books.push(booking(a));
    expect(red(after)).toEqual([`booked only: ${a.orderId}`]);
  });

  it("when an order is booked twice", () => {
    const samples = whole();
    samples.flow.books.push(booking(a, 9));
    expect(red(samples)).toEqual([`booked twice: ${a.orderId}`]);
  });

  it.each([
    ["quantity", { quantity: 2 }],
    ["product", { productId: "sea-chart" }],
    ["event", { eventId: 2 }],
    ["price", { totalCents: 1 }],
  ])("when the books have another %s", (_, change) => {
    const samples = whole();
    Object.assign(samples.flow.books[0]!, change);
    expect(red(samples)).toEqual([`content: ${a.orderId}`]);
  });

  it("when Kafka has another quantity than the database", () => {
    const samples = whole();
    samples.flow.topic[0] = placed(a, 1, { quantity: 2 });
    samples.flow.books[0] = { ...booking(a), quantity: 2, totalCents: PRICE };
    expect(red(samples)).toContain(`content: ${a.orderId}`);
  });

  it("when two orders share an id", () => {
    const samples = whole();
    samples.flow.topic.push(placed(a, 9, { quantity: 2 }));
    expect(red(samples)).toEqual([`one id, two orders: ${a.orderId}`]);
  });

  it("when Kafka has an order that the shop does not know", () => {
    const samples = whole();
    const forged = sale(2);
    samples.flow.topic.push(placed(forged, 7));
    samples.flow.books.push(booking(forged, 7));
    expect(red(samples)).toEqual([`not in the database: ${forged.orderId}`]);
  });

  it("when a message that nobody can read vanished", () => {
    const samples = whole();
    samples.flow.topic.push(message(2, "{"));
    expect(red(samples)).toEqual(["put aside: 0-2"]);
  });

  it("without Kafka, when the shop alone is wrong; and never claims more than it saw", () => {
    const samples = { ...whole(), flow: null };
    expect(judgeReconciliation(samples)).toMatchObject({ pass: true, complete: false });
    expect(judgeReconciliation(samples).findings.map(({ name }) => name)).toEqual(["stock", "acknowledged"]);
    samples.shop.products[0]!.stock = 0;
    expect(red(samples)).toEqual(["stock: spyglass"]);
  });
});

describe("waiting for the orders app", () => {
  const coming = ({ shop, flow }: Whole) => stillToCome(readOrders(flow.topic, shop.newest), flow);

  it("ends when all is booked", () => expect(coming(whole())).toEqual([]));

  it("goes on for an order behind the last one booked from its partition", () => {
    const samples = whole();
    samples.flow.books.pop();
    expect(coming(samples)).toEqual([`order ${c.orderId}`]);
  });

  it("ends for an order that was passed over, or died", () => {
    const passed = whole();
    passed.flow.books.shift();
    expect(coming(passed)).toEqual([]);
    const died = whole();
    died.flow.books.pop();
    died.flow.dead.push(dead(0, 3));
    expect(coming(died)).toEqual([]);
  });

  it("goes on while a reset is unread, and for a message that may still be put aside", () => {
    const samples = agreeing(c);
    samples.flow.topic.unshift(placed(a), wasReset(2));
    samples.flow.topic.push(message(7, "{"));
    samples.flow.books.push(booking(a));
    expect(coming(samples)).toEqual([`the reset after order ${a.orderId}`, "message 0-7"]);
  });
});
