import { DEAD_TOPIC, ORDERS_TOPIC } from "@evenkeel/contracts";
import { ensureTopics } from "@evenkeel/kit/kafka-client";
import { expect, onTestFinished, test } from "vitest";
import { SESSION_TIMEOUT_MS } from "../../src/adapters/kafka-session.ts";
import { openBooks } from "../support/books.ts";
import { type Running, shared, startInstance } from "../support/instance.ts";
import { order } from "../support/messages.ts";
import { kafka, publish } from "../support/servers.ts";
import { until } from "../support/until.ts";

const DEADLINE_MS = 30_000;
/** Orders on every partition, with some left for after the last change. */
const ENOUGH = 200;
const ALL = Array.from({ length: ORDERS_TOPIC.partitions }, (_, partition) => partition);
const partitionsOf = async (instance: Running) => (await instance.status()).partitions;

test("two members share the partitions, one leaves and the other takes over; each order is booked once", async () => {
  const on = shared();
  const { books } = await openBooks(on.databaseFile);
  const first = await startInstance(on, "1");
  await until("all partitions", async () => (await partitionsOf(first)).length === ALL.length, DEADLINE_MS);

  // Orders flow all the time, spread over the partitions by their products.
  const placed: string[] = [];
  let flowing = true;
  const flow = (async () => {
    for (let event = 1; flowing || placed.length < ENOUGH; event += 20) {
      const orders = Array.from({ length: 20 }, (_, i) => order(event + i, { productId: `flow-${i}` }));
      await publish(orders);
      placed.push(...orders.map(({ orderId }) => orderId));
    }
  })();
  const second = await startInstance(on, "2");
  await until("an even share", async () => (await partitionsOf(second)).length === 3, DEADLINE_MS);
  await until("the rest", async () => (await partitionsOf(first)).length === 3, DEADLINE_MS);
  expect([...(await partitionsOf(first)), ...(await partitionsOf(second))].toSorted()).toEqual(ALL);

  const left = performance.now();
  await first.stop();
  await until(
    "the leaver's partitions",
    async () => (await partitionsOf(second)).length === ALL.length,
    DEADLINE_MS,
  );
  // Sooner than a member that said nothing is missed.
  expect(performance.now() - left).toBeLessThan(SESSION_TIMEOUT_MS);
  flowing = false;
  await flow;

  const booked = async () => (await Promise.all(placed.map((id) => books.find(id)))).every(Boolean);
  await until("all orders", booked, DEADLINE_MS);
  const sum = (await first.metric("orders_booked_total")) + (await second.metric("orders_booked_total"));
  expect(sum).toBe(await books.count());
});

test("a topic that was lost is made again, read from its start, and what it repeats is booked once", async () => {
  const on = shared();
  const { books } = await openBooks(on.databaseFile);
  const instance = await startInstance(on);
  const known = Array.from({ length: 30 }, (_, i) => order(i + 1, { productId: `lost-${i % 7}` }));
  await publish(known);
  const allKnown = async () =>
    (await Promise.all(known.map(({ orderId }) => books.find(orderId)))).every(Boolean);
  await until("the first orders", allKnown, DEADLINE_MS);

  const admin = kafka.admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  await admin.deleteTopics({ topics: [ORDERS_TOPIC.name] });
  await until(
    "the topic to be there again",
    async () => (await admin.listTopics()).includes(ORDERS_TOPIC.name),
    DEADLINE_MS,
  );
  const fresh = Array.from({ length: 5 }, (_, i) => order(100 + i, { productId: `lost-${i}` }));
  await publish([...known, ...fresh]);
  const allFresh = async () =>
    (await Promise.all(fresh.map(({ orderId }) => books.find(orderId)))).every(Boolean);
  await until("the new orders", allFresh, 60_000);
  // At least once each: while the topic is made again its members join several times.
  await until(
    "the repeated ones",
    async () => (await instance.metric("orders_duplicates_total")) >= known.length,
    DEADLINE_MS,
  );
  expect(await instance.metric("orders_booked_total")).toBe(await books.count());
});

test("the topics are as the contract says, and making them again changes nothing", async () => {
  const admin = kafka.admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  await Promise.all([ensureTopics(admin), ensureTopics(admin)]);
  const { topics } = await admin.fetchTopicMetadata({ topics: [ORDERS_TOPIC.name, DEAD_TOPIC.name] });
  const found = topics.map(({ name, partitions }) => [name, partitions.length]);
  expect(found).toEqual(
    expect.arrayContaining([
      ["orders", 6],
      ["orders.dead", 1],
    ]),
  );
});
