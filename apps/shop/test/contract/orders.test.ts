import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Booking, OrderState, Problem, PurchaseResponse, StreamEvents } from "@evenkeel/contracts";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { EventClient } from "../support/event-client.ts";
import {
  kafkaBrokers,
  type Running,
  redisUrl,
  type Shared,
  shared,
  startReplica,
} from "../support/replica.ts";
import { until } from "../support/until.ts";

/** An orders app that answers as it is told. */
async function fakeOrders() {
  const told: { answer: (orderId: string) => { status: number; body: string } | undefined; asked: string[] } =
    {
      answer: () => ({ status: 404, body: "{}" }),
      asked: [],
    };
  const server = createServer((req, res) => {
    const orderId = req.url?.slice("/bookings/".length) ?? "";
    told.asked.push(orderId);
    const answer = told.answer(orderId);
    if (answer !== undefined) res.writeHead(answer.status).end(answer.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(told, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

const stateOf = async (replica: Running, orderId: string) => {
  const response = await replica.fetch(`/orders/${orderId}`);
  expect(response.status).toBe(200);
  expect(response.headers.get("cache-control")).toBe("no-store");
  return OrderState.parse(await response.json());
};

const buy = async (replica: Running) =>
  PurchaseResponse.parse(await (await replica.buy("spyglass", 2)).json());

test("an order is placed, then published, then booked", async () => {
  const orders = await fakeOrders();
  const on = shared();
  const without = await startReplica(on, { kafkaBrokers: ["127.0.0.1:1"], ordersUrl: orders.url });
  const receipt = await buy(without);
  const { orderId, productId, quantity, totalCents } = receipt;
  const order = { orderId, productId, quantity, totalCents, placedAt: expect.any(Number) };
  const unbooked = { ...order, bookedAt: null, bookedBy: null };
  expect(await stateOf(without, orderId)).toEqual({ ...unbooked, state: "placed", books: "up" });
  expect(orders.asked).toEqual([]);

  const replica = await startReplica(on, { kafkaBrokers, ordersUrl: orders.url });
  const published = await until(
    "the order in Kafka",
    async () => {
      const state = await stateOf(replica, orderId);
      return state.state !== "placed" && state;
    },
    15_000,
  );
  expect(published).toEqual({ ...unbooked, state: "published", books: "up" });
  orders.answer = (id) => {
    const place = { partition: 1, offset: "7", bookedBy: "2", placedAt: 1, bookedAt: 2, eventId: 1 };
    return {
      status: 200,
      body: JSON.stringify({
        ...receipt,
        ...place,
        orderId: id,
        stock: undefined,
        eventId: 1,
      } satisfies Booking & { stock: undefined }),
    };
  };
  expect(await stateOf(replica, orderId)).toEqual({
    ...order,
    state: "booked",
    bookedAt: 2,
    bookedBy: "2",
    books: "up",
  });

  for (const answer of [
    () => ({ status: 500, body: "{}" }),
    () => ({ status: 200, body: "no JSON" }),
    () => ({ status: 200, body: "{}" }),
    () => undefined,
  ]) {
    orders.answer = answer;
    const start = performance.now();
    expect(await stateOf(replica, orderId)).toEqual({ ...unbooked, state: "published", books: "down" });
    expect(performance.now() - start).toBeLessThan(2000);
  }
}, 60_000);

test("an order that nobody placed is a 404", async () => {
  const replica = await startReplica(shared());
  for (const id of ["nonsense", "9f9b1c6e-0000-4000-8000-000000000000", "%00"]) {
    const response = await replica.fetch(`/orders/${id}`);
    expect(response.status).toBe(404);
    expect(Problem.parse(await response.json()).code).toBe("order.unknown");
  }
});

const publisherFor = async (replica: Running) => {
  await until("Redis", async () => /^bus_up{.*} 1$/m.test(await (await replica.fetch("/metrics")).text()));
  const redis = new Redis(redisUrl);
  onTestFinished(() => redis.disconnect());
  return (on: Shared, message: unknown) =>
    redis.publish(on.orderChannel, typeof message === "string" ? message : JSON.stringify(message));
};

test("bookings reach the streams as events without an id; what strangers say does not", async () => {
  const on = shared();
  const replica = await startReplica(on);
  const publish = await publisherFor(replica);
  const client = await EventClient.open(replica.url);
  await client.first("snapshot");
  const booked = { orderIds: ["a", "b"], bookedBy: "1", at: 5 };
  const forged = [
    "",
    "{",
    "null",
    { orderIds: [], bookedBy: "1", at: 5 },
    { ...booked, extra: 1 },
    { ...booked, at: -1 },
    { ...booked, orderIds: ["x".repeat(70_000)] },
  ];
  for (const message of forged) expect(await publish(on, message)).toBe(1);
  await publish(on, booked);
  await replica.buy("spyglass", 1);
  await client.untilId(1);
  const [event, ...more] = client.named("booked");
  expect(more).toEqual([]);
  expect(event?.id).toBeUndefined();
  expect(StreamEvents.booked.parse(event?.data)).toEqual(booked);
});

test("many bookings at once neither cut a stream nor cost it a stock event", async () => {
  const on = shared();
  const replica = await startReplica(on);
  const publish = await publisherFor(replica);
  const client = await EventClient.open(replica.url);
  await client.first("snapshot");
  const orderIds = Array.from(
    { length: 1500 },
    (_, i) => `9f9b1c6e-0000-4000-8000-${String(i).padStart(12, "0")}`,
  );
  for (let i = 0; i < 20; i++) await publish(on, { orderIds, bookedBy: "1", at: 1 });
  for (let i = 0; i < 20; i++) await replica.buy("sea-chart", 1);
  await client.untilId(20);
  expect(client.ended).toBe(false);
  expect(client.named("booked").length).toBeGreaterThan(0);
});
