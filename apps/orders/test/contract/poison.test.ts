import { DEAD_TOPIC, ORDERS_TOPIC, OrdersBooked } from "@evenkeel/contracts";
import { Redis } from "ioredis";
import { Partitioners } from "kafkajs";
import { expect, onTestFinished, test } from "vitest";
import { openBooks } from "../support/books.ts";
import { shared, startInstance } from "../support/instance.ts";
import { order, reset } from "../support/messages.ts";
import { contentOf, kafka, publish, redisUrl } from "../support/servers.ts";
import { until } from "../support/until.ts";

const DEADLINE_MS = 30_000;

test("poison goes to orders.dead with its reason and its origin, and what is behind it is booked", async () => {
  const on = shared();
  const { books } = await openBooks(on.databaseFile);
  const mark = `poison-${crypto.randomUUID()}`;
  const before = order(1, { productId: mark });
  const behind = order(3, { productId: mark });
  await publish(
    [
      before,
      `${mark} is no JSON`,
      null,
      JSON.stringify({ type: mark }),
      JSON.stringify({ ...order(2), quantity: mark }),
      mark.repeat(2000),
      JSON.stringify({ ...before, quantity: 77 }),
      behind,
    ],
    mark,
  );
  const instance = await startInstance(on);
  await until("the order behind the poison", () => books.find(behind.orderId), DEADLINE_MS);
  await until(
    "all of it to be buried",
    async () => (await instance.metric("orders_dead_total")) >= 6,
    DEADLINE_MS,
  );

  const dead = (await contentOf(DEAD_TOPIC.name)).filter(({ key }) => key === mark);
  expect(dead.map(({ headers }) => headers.reason)).toEqual([
    "The value is not JSON.",
    "The message has no value.",
    expect.stringContaining(`The type "${mark}" is not known`),
    expect.stringContaining("quantity"),
    expect.stringMatching(/has 86000 bytes/),
    expect.stringContaining("with quantity 2, not 77"),
  ]);
  const where = await books.find(before.orderId);
  expect(dead[0]).toMatchObject({
    value: `${mark} is no JSON`,
    headers: {
      "from-topic": "orders",
      "from-partition": String(where?.partition),
      "from-offset": String(Number(where?.offset) + 1),
    },
  });
  expect(dead[4]?.value).toHaveLength(86_000);
  expect(await books.find(before.orderId)).toMatchObject({ quantity: 2 });
});

test("orders.dead that is gone is made again, and what was to go there arrives", async () => {
  await startInstance(shared());
  const [first, second] = [`gone-${crypto.randomUUID()}`, `gone-${crypto.randomUUID()}`];
  const buried = async (key: string) =>
    (await contentOf(DEAD_TOPIC.name).catch(() => [])).some((letter) => letter.key === key);
  await publish([first], first);
  await until("the first letter", () => buried(first), DEADLINE_MS);

  const admin = kafka.admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  await admin.deleteTopics({ topics: [DEAD_TOPIC.name] });
  await until("its end", async () => !(await admin.listTopics()).includes(DEAD_TOPIC.name), DEADLINE_MS);
  // Not by publish(), which would make the topic again.
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  onTestFinished(() => producer.disconnect());
  await producer.connect();
  await producer.send({ topic: ORDERS_TOPIC.name, messages: [{ key: second, value: second }] });
  await until("the second letter", () => buried(second), DEADLINE_MS);
});

test("pages are told of a batch over Redis once it is in the books, and a reset takes its orders out", async () => {
  const on = shared();
  const { books } = await openBooks(on.databaseFile);
  const redis = new Redis(redisUrl);
  onTestFinished(() => redis.disconnect());
  const news: OrdersBooked[] = [];
  redis.on("message", (_, text) => news.push(OrdersBooked.parse(JSON.parse(text))));
  await redis.subscribe(on.channel);
  const instance = await startInstance(on, "9");
  await until("the group", async () => (await instance.status()).status === "ready", DEADLINE_MS);

  const productId = `told-${crypto.randomUUID()}`;
  const [old, young] = [order(1, { productId }), order(3, { productId })];
  await publish([old]);
  const told = () => news.find(({ orderIds }) => orderIds.includes(old.orderId));
  expect(await until("the news", told, DEADLINE_MS)).toMatchObject({ bookedBy: "9" });
  expect(await books.find(old.orderId)).toMatchObject({ bookedBy: "9" });

  await publish([reset(2, productId), young, old]);
  await until("the order after the reset", () => books.find(young.orderId), DEADLINE_MS);
  expect(await books.find(old.orderId)).toBeUndefined();
  // At least: the topic may still hold what an earlier run left.
  expect(await instance.metric("orders_stale_total")).toBeGreaterThanOrEqual(1);
});
