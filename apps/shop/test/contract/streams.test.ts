import { DatabaseSync } from "node:sqlite";
import { StreamEvents } from "@evenkeel/contracts";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { EventClient } from "../support/event-client.ts";
import { type Running, redisUrl, type Shared, shared, startReplica } from "../support/replica.ts";
import { until } from "../support/until.ts";

async function twoReplicas() {
  const on = shared();
  const a = await startReplica(on, { instanceId: "1" });
  const b = await startReplica(on, { instanceId: "2" });
  for (const replica of [a, b]) await redisUp(replica);
  return { a, b, on };
}

async function redisUp(replica: Running): Promise<void> {
  await until("Redis", async () => /^bus_up{.*} 1$/m.test(await (await replica.fetch("/metrics")).text()));
}

/** Commits sales of a product with an endless name, as another replica would; returns their events. */
function longSales({ databaseFile }: Shared) {
  const productId = "x".repeat(4000);
  const database = new DatabaseSync(databaseFile);
  onTestFinished(() => database.close());
  const figures = { stock: 1, sold: 1, instanceId: "9" };
  const insert = database.prepare("INSERT INTO outbox (type, key, payload, created_at) VALUES (?, ?, ?, ?)");
  return (id: number) => {
    insert.run("order.booked", productId, JSON.stringify(figures), 1);
    return { id, productId, ...figures, at: 1 };
  };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

test("a stream says who serves it, gives the stock, and never caches or buffers", async () => {
  const { a } = await twoReplicas();
  await a.buy("spyglass", 1);
  const client = await EventClient.open(a.url);
  const hello = await client.first("hello");
  expect(StreamEvents.hello.parse(hello.data)).toEqual({ instanceId: "1", bus: "up" });
  expect(hello.id).toBeUndefined();
  const snapshot = await client.first("snapshot");
  expect(snapshot.id).toBe(1);
  expect(StreamEvents.snapshot.parse(snapshot.data).lastEventId).toBe(1);
  expect(client.retries).toEqual([1000]);
  expect(client.response.headers).toMatchObject({
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    "x-instance-id": "1",
  });
  expect(client.response.headers["x-request-id"]).toMatch(/^[\w-]{36}$/);
});

test("a purchase on one replica reaches the streams of both, each id once and in order", async () => {
  const { a, b } = await twoReplicas();
  const clients = await Promise.all([EventClient.open(a.url), EventClient.open(b.url)]);
  for (const client of clients) await client.first("snapshot");
  await Promise.all(range(1, 60).map((i) => (i % 2 === 0 ? a : b).buy("hemp-rope", 1)));
  for (const client of clients) {
    await client.untilId(60);
    expect(client.ids).toEqual(range(1, 60));
    const events = client.named("stock").map(({ data }) => StreamEvents.stock.parse(data));
    expect(events.map(({ stock }) => stock)).toEqual(range(1, 60).map((id) => 500 - id));
    expect(new Set(events.map(({ instanceId }) => instanceId))).toEqual(new Set(["1", "2"]));
  }
  expect(await (await b.fetch("/metrics")).text()).toMatch(/stock_events_total{source="bus".*} [1-9]/);
});

test("Last-Event-ID is continued on the other replica, by header or by query", async () => {
  const { a, b } = await twoReplicas();
  for (let i = 0; i < 7; i++) await a.buy("spyglass", 1);
  const byHeader = await EventClient.open(b.url, 3);
  await byHeader.untilId(7);
  await b.buy("spyglass", 1);
  await byHeader.untilId(8);
  expect(byHeader.ids).toEqual(range(4, 8));
  expect(byHeader.named("snapshot")).toEqual([]);
  const query = await b.fetch("/events?lastEventId=6");
  const reader = query.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("id: 8")) text += (await reader.read()).value ?? "";
  await reader.cancel();
  expect(text.match(/^id: \d+/gm)).toEqual(["id: 7", "id: 8"]);
});

test("thousands of missed events all arrive, in order, none twice", async () => {
  const { a, b } = await twoReplicas();
  // Each reset is one event per product.
  for (let i = 0; i < 250; i++) await a.ledger.reset(1);
  const { newest } = await a.ledger.eventWindow();
  expect(newest).toBe(3000);
  const clients = await Promise.all([EventClient.open(a.url, 0), EventClient.open(b.url, 500)]);
  for (const [client, from] of [
    [clients[0], 1],
    [clients[1], 501],
  ] as const) {
    await client.untilId(newest);
    expect(client.ids).toEqual(range(from, newest));
    expect(client.named("snapshot")).toEqual([]);
  }
  await b.buy("spyglass", 1);
  for (const client of clients) await client.untilId(newest + 1);
});

test("thousands of events that the bus lost reach a live stream, in order, none twice", async () => {
  const { a, b } = await twoReplicas();
  const client = await EventClient.open(a.url);
  await client.first("snapshot");
  for (let i = 0; i < 250; i++) await b.ledger.reset(1);
  await b.buy("spyglass", 1);
  await client.untilId(3001);
  expect(client.ids).toEqual(range(1, 3001));
});

test("a message about an event that never was reaches nobody and stops nothing", async () => {
  const { a, b, on } = await twoReplicas();
  const before = await EventClient.open(a.url);
  await before.first("snapshot");
  const publisher = new Redis(redisUrl);
  onTestFinished(() => publisher.disconnect());
  for (const id of [1, 2, 900_000_000_000_000]) {
    const forged = { id, productId: "spyglass", stock: 0, sold: 500, instanceId: "9", at: 1 };
    expect(await publisher.publish(on.channel, JSON.stringify(forged))).toBe(2);
  }
  // A message that comes later was heard later: when the sale is there, the forged ones were, too.
  const after = await EventClient.open(a.url, 0);
  expect((await a.fetch("/health")).status).toBe(200);
  await b.buy("spyglass", 1);
  await a.buy("spyglass", 1);
  for (const client of [before, after]) {
    await client.untilId(2);
    expect(client.ids).toEqual([1, 2]);
    const stock = client.named("stock").map(({ data }) => StreamEvents.stock.parse(data).stock);
    expect(stock).toEqual([499, 498]);
  }
});

test("streams that open while the shop sells miss nothing and repeat nothing", async () => {
  const { a, b } = await twoReplicas();
  await a.buy("hemp-rope", 1);
  const clients: EventClient[] = [];
  const opening = (async () => {
    while (clients.length < 12)
      clients.push(await EventClient.open((clients.length % 2 === 0 ? a : b).url, 1));
  })();
  let sold = 1;
  for (; clients.length < 12; sold += 10) {
    await Promise.all(range(1, 10).map((i) => (i % 2 === 0 ? a : b).buy("sea-chart", 1)));
  }
  await opening;
  for (const client of clients) {
    await client.untilId(sold);
    expect(client.ids).toEqual(range(2, sold));
  }
});

test("an id of the future or no id at all gets a snapshot, then what follows it", async () => {
  const { a } = await twoReplicas();
  await a.buy("spyglass", 1);
  const future = await EventClient.open(a.url, 999);
  expect((await future.first("snapshot")).id).toBe(1);
  await a.buy("spyglass", 1);
  await future.untilId(2);
  expect(future.ids).toEqual([2]);
});

test("an id that is no longer kept gets a snapshot", async () => {
  const { a } = await twoReplicas();
  const sale = { productId: "spyglass", quantity: 1, totalCents: 1, idempotencyKey: undefined };
  for (let i = 0; i < 9; i++) await a.ledger.reset(1);
  await a.ledger.book({ ...sale, orderId: "o", instanceId: "1", at: 1 });
  // 12 events per reset; enough of them push the first ones out at the next pruning sale.
  while ((await a.ledger.eventWindow()).oldest === 1) {
    for (let i = 0; i < 41; i++) await a.ledger.reset(1);
    for (let i = 0; i < 12; i++)
      await a.ledger.book({ ...sale, orderId: crypto.randomUUID(), instanceId: "1", at: 1 });
  }
  const old = await EventClient.open(a.url, 1);
  const { newest } = await a.ledger.eventWindow();
  expect((await old.first("snapshot")).id).toBe(newest);
  expect(old.ids).toEqual([]);
});

test("a client that does not read is cut; one that reads gets everything", async () => {
  const on = shared();
  const replica = await startReplica(on);
  await redisUp(replica);
  const [slow, reader] = [await EventClient.open(replica.url), await EventClient.open(replica.url)];
  for (const client of [slow, reader]) await client.first("snapshot");
  slow.response.pause();
  const publisher = new Redis(redisUrl);
  onTestFinished(() => publisher.disconnect());
  const commit = longSales(on);
  const cuts = async () =>
    /^stream_cuts_total{reason="slow".*} 1$/m.test(await (await replica.fetch("/metrics")).text());
  let id = 0;
  while (!(await cuts()) && id < 10_000) {
    for (let i = 0; i < 5; i++) {
      const event = commit(++id);
      await publisher.publish(on.channel, JSON.stringify(event));
    }
    await reader.untilId(id);
  }
  expect(await cuts()).toBe(true);
  expect(reader.ended).toBe(false);
  slow.response.resume();
  await until("the end of the slow stream", () => slow.ended);
  expect(reader.ids).toEqual(range(1, id));
  const status = (await (await replica.fetch("/status")).json()) as { openStreams: number };
  expect(status.openStreams).toBe(1);
});

test("what strangers put on the channel neither crashes a replica nor reaches a client", async () => {
  const { a, on } = await twoReplicas();
  const client = await EventClient.open(a.url);
  await client.first("snapshot");
  const publisher = new Redis(redisUrl);
  onTestFinished(() => publisher.disconnect());
  for (const text of ["", "{", "null", "[]", '{"id":"1"}', '{"id":1,"productId":"x","extra":1}']) {
    expect(await publisher.publish(on.channel, text)).toBe(2);
  }
  await a.buy("spyglass", 1);
  await client.untilId(1);
  expect(client.events.map(({ name }) => name)).toEqual(["hello", "snapshot", "stock"]);
});

test("a stream is observed when it begins, not as a request of many minutes", async () => {
  const { a } = await twoReplicas();
  await EventClient.open(a.url);
  const text = await (await a.fetch("/metrics")).text();
  expect(text).toMatch(/http_request_duration_seconds_count{.*route="\/events",status="200"} 1/);
  expect(text).toMatch(/^open_streams{.*} 1$/m);
  expect((await a.fetch("/events", { method: "HEAD" })).headers.get("content-type")).toMatch(/event-stream/);
});
