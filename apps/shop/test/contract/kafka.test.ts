import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { ORDERS_TOPIC, PurchaseResponse, StatusResponse } from "@evenkeel/contracts";
import { expect, test } from "vitest";
import { type ShopProcess, startProcess } from "../support/process.ts";
import { kafkaBrokers, type Running, shared, startReplica } from "../support/replica.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { kafkaAdmin, readOrders } from "../support/topic.ts";
import { until } from "../support/until.ts";

const DEADLINE_MS = 30_000;
/** What requests in flight have when a replica leaves; it must not need all of it. */
const SHUTDOWN_MS = 8000;

async function metric({ url }: { url: string }, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name}{.*} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
}

async function kafkaOf({ url }: { url: string }) {
  return StatusResponse.parse(await (await fetch(`${url}/status`)).json()).dependencies.kafka;
}

const drained = (replica: Running | ShopProcess) =>
  until("an empty outbox", async () => (await metric(replica, "outbox_backlog_events")) === 0, DEADLINE_MS);

async function buy({ url }: { url: string }, productId = "hemp-rope"): Promise<string> {
  const response = await fetch(`${url}/purchase`, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": randomUUID() },
    body: JSON.stringify({ productId, quantity: 1 }),
  });
  expect(response.status).toBe(201);
  return PurchaseResponse.parse(await response.json()).orderId;
}

test("every order is in Kafka, under its product, and the replicas say so", async () => {
  const on = shared();
  const [a, b] = [await startReplica(on, { kafkaBrokers }), await startReplica(on, { kafkaBrokers })];
  const ids: string[] = [];
  for (let i = 0; i < 30; i++)
    ids.push(await buy(i % 2 === 0 ? a : b, i % 3 === 0 ? "sea-chart" : "spyglass"));
  await drained(a);
  const orders = await readOrders();
  const mine = () => orders.filter(({ orderId }) => ids.includes(orderId));
  await until("all orders", () => mine().length >= ids.length, DEADLINE_MS);
  expect(new Set(mine().map(({ orderId }) => orderId))).toEqual(new Set(ids));
  for (const { key, productId } of mine()) expect(key).toBe(productId);
  for (const product of ["sea-chart", "spyglass"]) {
    // The relay may say something twice; the order is that of its first word.
    const said = mine().filter(({ productId }) => productId === product);
    const events = [...new Set(said.map(({ eventId }) => eventId))];
    expect(events).toEqual(events.toSorted((x, y) => x - y));
  }
  const leaders = await Promise.all([a, b].map((replica) => metric(replica, "relay_leader")));
  expect(leaders.toSorted()).toEqual([0, 1]);
  for (const replica of [a, b]) {
    expect(await metric(replica, "kafka_up")).toBe(1);
    expect(await kafkaOf(replica)).toMatchObject({
      status: "up",
      required: false,
      latencyMs: expect.any(Number),
      detail: "Nothing waits in the outbox.",
    });
  }
  const [topic] = (await (await kafkaAdmin()).fetchTopicMetadata({ topics: [ORDERS_TOPIC.name] })).topics;
  expect(topic?.partitions).toHaveLength(ORDERS_TOPIC.partitions);
}, 60_000);

test("the leader is killed under purchases: another one carries on, nothing acknowledged is missing", async () => {
  const DATABASE_FILE = join(temporaryFolder(), "shop.db");
  const env = {
    DATABASE_FILE,
    KAFKA_BROKERS: kafkaBrokers.join(","),
    LOG_LEVEL: "warn",
    LOG_FORMAT: "pretty",
  };
  const start = (id: string) => startProcess({ ...env, LOG_LEVEL: "info", INSTANCE_ID: id });
  const shops = [await start("1"), await start("2")];
  const leader = await until(
    "a leader",
    async () => {
      for (const shop of shops) if ((await metric(shop, "relay_leader")) === 1) return shop;
    },
    DEADLINE_MS,
  );
  const other = shops.find((shop) => shop !== leader)!;
  const acknowledged: string[] = [];
  for (let i = 0; i < 20; i++) acknowledged.push(await buy(i % 2 === 0 ? leader : other));
  leader.child.kill("SIGKILL");
  for (let i = 0; i < 20; i++) acknowledged.push(await buy(other));
  await drained(other);
  expect(await metric(other, "relay_leader")).toBe(1);
  const orders = await readOrders();
  const read = () => new Set(orders.map(({ orderId }) => orderId));
  await until("all orders", () => acknowledged.every((id) => read().has(id)), DEADLINE_MS);
}, 90_000);

test("without Kafka the shop sells on, and says what waits and why", async () => {
  const replica = await startReplica(shared(), { kafkaBrokers: ["127.0.0.1:1"] });
  await buy(replica);
  await until("the failure", async () => (await metric(replica, "relay_failures_total")) > 1, DEADLINE_MS);
  await buy(replica);
  expect(await metric(replica, "outbox_backlog_events")).toBe(2);
  expect(await metric(replica, "outbox_backlog_age_seconds")).toBeGreaterThan(0);
  expect(await metric(replica, "kafka_up")).toBe(0);
  expect(await kafkaOf(replica)).toEqual({
    status: "down",
    required: false,
    latencyMs: null,
    detail: expect.stringMatching(
      /^Kafka is away: .*ECONNREFUSED.*\. 2 events wait in the outbox, the oldest for \d+ s\.$/,
    ),
  });
  expect((await replica.fetch("/status")).status).toBe(200);
  expect(replica.logLines.filter((line) => line.includes("kafka is down"))).toHaveLength(1);
}, 60_000);

test("SIGTERM while Kafka's name cannot be found: exit 0, and soon", async () => {
  const shop = await startProcess({
    DATABASE_FILE: join(temporaryFolder(), "shop.db"),
    DRAIN_MS: "0",
    SHUTDOWN_MS: String(SHUTDOWN_MS),
    KAFKA_BROKERS: "no-such-host.invalid:9092",
  });
  await buy(shop);
  await until("the search", () => shop.output().includes("kafka is down"), DEADLINE_MS);
  const start = performance.now();
  shop.child.kill("SIGTERM");
  expect(await shop.exit).toBe(0);
  expect(performance.now() - start).toBeLessThan(SHUTDOWN_MS);
}, 60_000);

test("a shop without a relay speaks of no Kafka", async () => {
  const replica = await startReplica(shared());
  expect(await kafkaOf(replica)).toBeUndefined();
  expect(await (await replica.fetch("/metrics")).text()).not.toMatch(/kafka_up|outbox_|relay_/);
});

// Last: it takes the topic away from under everybody.
test("a topic that is gone while the relay runs is created again, and the relay goes on", async () => {
  const replica = await startReplica(shared(), { kafkaBrokers });
  await buy(replica);
  await drained(replica);
  await (await kafkaAdmin()).deleteTopics({ topics: [ORDERS_TOPIC.name] });
  const after = [await buy(replica), await buy(replica)];
  await drained(replica);
  const orders = await readOrders();
  await until(
    "the orders",
    () => after.every((id) => orders.some(({ orderId }) => orderId === id)),
    DEADLINE_MS,
  );
}, 90_000);
