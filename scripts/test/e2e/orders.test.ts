import { DEAD_TOPIC, deadHeaders, ORDERS_TOPIC, OrdersBooked } from "@evenkeel/contracts";
import { EventSource } from "eventsource";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TopSample } from "../../src/lab/top-sample.ts";
import { waitUntil } from "../../src/lib/wait-until.ts";
import { readTopic } from "../../src/runtime/audits.ts";
import { kill } from "../../src/runtime/docker.ts";
import { at, buy, docker, lab, labOk } from "./harness.ts";
import {
  allHealthy,
  assignment,
  containersOf,
  deleteRow,
  expectWhole,
  insertRow,
  orderState,
  produce,
  reconcile,
} from "./order-flow.ts";
import { Purchaser } from "./purchaser.ts";

/** Long enough for every client to give up on Kafka, short enough to watch. */
const OUTAGE_MS = 30_000;
const PARTITIONS = Array.from({ length: ORDERS_TOPIC.partitions }, (_, partition) => partition);

async function buyAll(productId: string, count: number): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => buy(productId)));
  expect(answers.map(({ status }) => status)).toEqual(Array(count).fill(201));
  return answers.map(({ body }) => String(body.orderId));
}

/** How often each of these orders is in Kafka. */
async function timesInKafka(ids: string[]): Promise<number[]> {
  const values = (await readTopic(ORDERS_TOPIC.name)).map(({ value }) => value ?? "");
  return ids.map((id) => values.filter((value) => value.includes(id)).length);
}

const isBooked = async (orderId: string) => (await orderState(orderId)).state === "booked";

describe("orders behind the shop", () => {
  beforeAll(async () => void (await labOk("up")));
  beforeEach(async () => void (await labOk("reset")));

  it("are booked within seconds, once, and every page hears of it", async () => {
    const heard = new Set<string>();
    const stream = new EventSource(at("/events"));
    stream.addEventListener("booked", ({ data }) => {
      for (const id of OrdersBooked.parse(JSON.parse(data)).orderIds) heard.add(id);
    });
    try {
      await waitUntil("an open stream", () => stream.readyState === stream.OPEN, { deadlineMs: 10_000 });
      const ids = [...(await buyAll("sea-chart", 20)), ...(await buyAll("spyglass", 20))];
      await waitUntil("word of 40 bookings on the stream", () => ids.every((id) => heard.has(id)), {
        deadlineMs: 10_000,
        intervalMs: 20,
      });
      expect(await orderState(ids[0] ?? "")).toMatchObject({
        state: "booked",
        books: "up",
        productId: "sea-chart",
      });
      expect(await timesInKafka(ids)).toEqual(Array(40).fill(1));
      expect((await reconcile()).said).toMatchObject({
        pass: true,
        counts: { database: 40, kafka: 40, booked: 40 },
      });
    } finally {
      stream.close();
    }
  });

  it("go on behind a message that nobody can read, which lies in orders.dead with its reason", async () => {
    const [before] = await buyAll("hemp-rope", 1);
    const [poison] = await produce(ORDERS_TOPIC.name, { key: "hemp-rope", value: '{"type":"order.placed"' });
    const [after] = await buyAll("hemp-rope", 1);
    await waitUntil(
      "both orders to be booked",
      async () => (await isBooked(before ?? "")) && isBooked(after ?? ""),
      {
        deadlineMs: 15_000,
      },
    );
    const place = {
      [deadHeaders.partition]: String(poison?.partition),
      [deadHeaders.offset]: poison?.baseOffset,
    };
    const [letter, second] = (await readTopic(DEAD_TOPIC.name)).filter(
      ({ headers }) =>
        headers[deadHeaders.partition] === place[deadHeaders.partition] &&
        headers[deadHeaders.offset] === place[deadHeaders.offset],
    );
    expect(second).toBeUndefined();
    expect(letter).toMatchObject({ key: "hemp-rope", value: '{"type":"order.placed"' });
    expect(letter?.headers).toMatchObject({ ...place, [deadHeaders.topic]: ORDERS_TOPIC.name });
    expect(letter?.headers[deadHeaders.reason]).toMatch(/^[A-Z].*\.$/);
    const { said, exitCode } = await reconcile();
    expect({ exitCode, differences: said.differences }).toEqual({ exitCode: 0, differences: [] });
    expect(said.notes.join()).toContain("orders.dead");
  });

  it("are gone from the books after a reset, and new ones agree again", async () => {
    await buyAll("sea-chart", 5);
    expect((await reconcile()).said).toMatchObject({ pass: true, counts: { booked: 5 } });
    await labOk("reset");
    expect((await reconcile()).said).toMatchObject({
      pass: true,
      counts: { database: 0, kafka: 0, booked: 0 },
    });
    await buyAll("sea-chart", 3);
    expect((await reconcile()).said).toMatchObject({
      pass: true,
      counts: { database: 3, kafka: 3, booked: 3 },
    });
  });
});

describe("the reconciliation goes red, by id", () => {
  beforeAll(async () => void (await labOk("up")));
  beforeEach(async () => void (await labOk("reset")));
  // A deleted row leaves nothing that a reset would not put right.
  afterEach(async () => void (await labOk("reset")));

  it("when a row is deleted from the books, and green when it is back", async () => {
    const [, victim = ""] = await buyAll("sea-chart", 3);
    expect((await reconcile()).exitCode).toBe(0);
    const [row] = await deleteRow("orders", "bookings", victim);
    const red = await reconcile(undefined, 5);
    expect(red.exitCode).toBe(1);
    expect(red.said.differences).toMatchObject([{ kind: "not booked", id: victim }]);
    await insertRow("orders", "bookings", row ?? {});
    expect((await reconcile()).exitCode).toBe(0);
  });

  it("when a row is deleted from the shop's database", async () => {
    const [, victim = ""] = await buyAll("sea-chart", 3);
    await deleteRow("app", "orders", victim);
    const red = await reconcile({ acknowledged: new Map([["key", victim]]), unknown: 0 });
    expect(red.exitCode).toBe(1);
    expect(red.said.differences).toMatchObject([
      { kind: "stock", id: "sea-chart" },
      { kind: "acknowledged", id: victim },
      { kind: "not in the database", id: victim },
    ]);
  });

  it("when somebody forges an order in Kafka", async () => {
    const orderId = crypto.randomUUID();
    const { eventId } = (await buy("sea-chart")).body;
    const forged = { type: "order.placed", orderId, eventId, productId: "sea-chart", quantity: 1 };
    await produce(ORDERS_TOPIC.name, {
      key: "sea-chart",
      value: JSON.stringify({ ...forged, totalCents: 1, instanceId: "1", at: Date.now() }),
    });
    const red = await reconcile();
    expect(red.exitCode).toBe(1);
    expect(red.said.differences).toMatchObject([{ kind: "not in the database", id: orderId }]);
  });
});

describe("when parts come and go under purchases, nothing is lost and nothing is booked twice:", () => {
  beforeAll(async () => void (await labOk("up")));
  beforeEach(async () => void (await labOk("reset")));
  afterEach(async () => void (await labOk("up")));

  it("nobody: readings that are taken while customers buy on agree, too", async () => {
    const customer = new Purchaser(20);
    await customer.sells(20);
    for (let reading = 0; reading < 3; reading++) {
      const { said, exitCode } = await reconcile();
      expect({ exitCode, differences: said.differences }).toEqual({ exitCode: 0, differences: [] });
      expect(said.notes.join()).toContain("came after the snapshot");
    }
    await expectWhole(await customer.end());
  });

  it("an instance of the orders app joins, and leaves again", async () => {
    const customer = new Purchaser(20);
    await customer.sells(20);
    await docker("compose", "up", "-d", "--no-recreate", "--scale", "orders=3", "orders");
    await waitUntil("three instances to share all partitions", () => shared(3), { deadlineMs: 60_000 });
    await customer.sells(20);
    const third = (await containersOf("orders")).find(({ ordinal }) => ordinal === 3);
    await docker("stop", third?.id ?? "");
    await docker("rm", third?.id ?? "");
    await waitUntil("two instances to share all partitions", () => shared(2), { deadlineMs: 60_000 });
    await customer.sells(20);
    await expectWhole(await customer.end());
  });

  it("Kafka is away for 30 seconds, while the shop sells on and says what waits", async () => {
    const [kafka] = await containersOf("kafka");
    const customer = new Purchaser(12);
    await customer.sells(20);
    await kill(kafka.id, "SIGKILL");
    const since = performance.now();
    await customer.sells(100);

    const status = await lab("status");
    expect(status.exitCode).toBe(1);
    expect(status.json<{ problems: string[] }>().problems.join(" ")).toMatch(/kafka/i);
    const compared = await reconcile();
    expect(compared).toMatchObject({ exitCode: 2, said: { pass: true, complete: false } });
    expect(compared.said.incomplete).toMatch(/Kafka does not run .* \d+ events? waits? in the outbox/);
    const waiting = (await labOk("top", ["--once"])).json<TopSample>().orders;
    expect(waiting.backlog).toBeGreaterThanOrEqual(100);
    expect(waiting.backlogAgeSeconds).toBeGreaterThan(2);
    const [unbooked] = [...customer.acknowledged.values()].slice(-1);
    expect(await orderState(unbooked ?? "")).toMatchObject({ state: "placed" });

    await waitUntil("the outage to be over", () => performance.now() - since > OUTAGE_MS, {
      deadlineMs: OUTAGE_MS + 1000,
    });
    await docker("start", kafka.id);
    await allHealthy();
    await customer.sells(20);
    const said = await expectWhole(await customer.end());
    expect(said.counts.database).toBeGreaterThan(300);
    expect((await labOk("top", ["--once"])).json<TopSample>().orders).toMatchObject({ backlog: 0, lag: 0 });
  }, 300_000);
});

/** So many instances read all partitions, each a part of them. */
async function shared(instances: number): Promise<boolean> {
  const parts = [...(await assignment()).values()];
  const all = parts.flat().sort((a, b) => a - b);
  return (
    parts.length === instances &&
    parts.every((part) => part.length > 0) &&
    JSON.stringify(all) === JSON.stringify(PARTITIONS)
  );
}
