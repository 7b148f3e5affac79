import { expect, onTestFinished, test, vi } from "vitest";
import { KafkaOrders, type KafkaOrdersOptions } from "../../src/adapters/kafka-orders.ts";
import { FakeKafka } from "../support/fake-kafka.ts";
import { order, raw } from "../support/messages.ts";
import { until } from "../support/until.ts";

async function setUp(options: Partial<KafkaOrdersOptions> = {}, away = 0) {
  const kafka = new FakeKafka();
  kafka.away = away;
  const changes: string[] = [];
  const orders = new KafkaOrders({
    kafka,
    deliver: async () => {},
    onChange: (up, reason) => changes.push(up ? "up" : `down: ${(reason as Error).message}`),
    ...options,
  });
  onTestFinished(() => orders.stop());
  orders.start();
  await until("the first session", () => orders.up);
  const consumer = (index: number) => until(`consumer ${index}`, () => kafka.consumers[index]);
  return { kafka, orders, changes, consumer };
}

test("topics are made before the group is joined, and the assignment shows", async () => {
  const assigned: (readonly number[])[] = [];
  const { kafka, orders } = await setUp({ onAssigned: (partitions) => assigned.push(partitions) });
  expect(kafka.topics).toEqual(["orders", "orders.dead"]);
  expect(orders.partitions).toEqual([1, 4]);
  expect(assigned).toEqual([[1, 4]]);
  await orders.probe();
});

test("an offset is committed after the batch was dealt with, and resolved after that", async () => {
  const steps: string[] = [];
  const { consumer } = await setUp({
    deliver: async ({ messages }) => {
      await Promise.resolve();
      steps.push(`dealt with ${messages.map(({ origin }) => origin.offset)}`);
    },
  });
  const first = await consumer(0);
  first.onStep = (step) => steps.push(step);
  await first.deliver([raw(order(1), 41), raw(order(2), 42)]);
  expect(steps).toEqual(["dealt with 41,42", "committed", "resolved"]);
  expect(first.committed).toEqual([
    { topics: [{ topic: "orders", partitions: [{ partition: 1, offset: "43" }] }] },
  ]);
  expect(first.resolved).toEqual(["42"]);
});

test("offsets larger than a number can hold are counted exactly, and a transaction's mark at the end is passed", async () => {
  const { consumer } = await setUp();
  const first = await consumer(0);
  const message = { ...raw(order(1)), origin: { topic: "orders", partition: 1, offset: "9007199254740993" } };
  await first.deliver([message], "9007199254740994");
  expect(first.committed).toMatchObject([{ topics: [{ partitions: [{ offset: "9007199254740995" }] }] }]);
});

test("a batch that could not be dealt with is not committed", async () => {
  const { consumer } = await setUp({ deliver: () => Promise.reject(new Error("no")) });
  const first = await consumer(0);
  await expect(first.deliver([raw(order(1), 0)])).rejects.toThrow("no");
  expect([first.committed, first.resolved]).toEqual([[], []]);
});

test("a commit that Kafka refuses leaves the batch unresolved, so that it comes again", async () => {
  const { consumer } = await setUp();
  const first = await consumer(0);
  first.refuseCommits = true;
  await expect(first.deliver([raw(order(1), 0)])).rejects.toThrow("generation");
  expect(first.resolved).toEqual([]);
});

test("a pause keeps the membership, and ends when the partition is taken away", async () => {
  let pauses = 0;
  const { consumer } = await setUp({
    deliver: async ({ pause }) => {
      for (;;) {
        await pause();
        pauses++;
      }
    },
  });
  const first = await consumer(0);
  const delivered = first.deliver([raw(order(1), 0)]);
  const rejected = expect(delivered).rejects.toThrow("rebalancing");
  await until("two pauses", () => pauses >= 2);
  first.rebalancing = true;
  await rejected;
  expect(first.committed).toEqual([]);
});

test("a batch that cannot be finished has an age, and after twenty seconds the probe fails", async () => {
  const real = performance.now.bind(performance);
  let ahead = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => real() + ahead);
  onTestFinished(() => clock.mockRestore());
  let diskIsFull = true;
  const { orders, consumer } = await setUp({
    deliver: async ({ pause }) => {
      while (diskIsFull) await pause();
    },
  });
  const first = await consumer(0);
  expect(orders.batchAgeSeconds).toBe(0);
  const delivered = first.deliver([raw(order(1), 0)]);
  const later = (ms: number) => {
    ahead += ms;
    // Kafka sees nothing wrong with this member.
    first.emit("heartbeat", {});
  };
  later(15_000);
  expect(orders.batchAgeSeconds).toBeGreaterThanOrEqual(15);
  await orders.probe();
  later(6000);
  expect(orders.up).toBe(true);
  await expect(orders.probe()).rejects.toThrow(/could not be finished for 2\d seconds/);
  diskIsFull = false;
  await delivered;
  expect(orders.batchAgeSeconds).toBe(0);
  await orders.probe();
});

test("a batch that failed is not in hand any more", async () => {
  const { orders, consumer } = await setUp({ deliver: () => Promise.reject(new Error("no")) });
  await expect((await consumer(0)).deliver([raw(order(1), 0)])).rejects.toThrow("no");
  expect(orders.batchAgeSeconds).toBe(0);
});

test("a crash of the consumer begins a new session, and the old one is not listened to any more", async () => {
  let dealtWith = 0;
  const { orders, changes, consumer } = await setUp({
    deliver: async ({ pause }) => {
      dealtWith++;
      await pause();
    },
  });
  const first = await consumer(0);
  first.emit("crash", { error: new Error("a rebalance went wrong") });
  const second = await consumer(1);
  await until("the new session", () => orders.up);
  expect(first.left).toBe(true);
  expect(changes).toEqual(["up", "down: a rebalance went wrong", "up"]);
  second.emit("join", { memberAssignment: { orders: [2] } });
  first.emit("join", { memberAssignment: { orders: [0, 1, 2, 3, 4, 5] } });
  expect(orders.partitions).toEqual([2]);
  await expect(first.deliver([raw(order(1), 0)])).rejects.toThrow("stopped reading");
  expect([dealtWith, first.committed]).toEqual([1, []]);
});

test("Kafka may be away at the start, is sought for ever, and is reported once", async () => {
  const { changes } = await setUp({}, 3);
  expect(changes).toEqual(["down: Kafka is away.", "up"]);
});

test("the probe says why there is no membership", async () => {
  const kafka = new FakeKafka();
  kafka.away = 1000;
  const orders = new KafkaOrders({ kafka, deliver: async () => {} });
  onTestFinished(() => orders.stop());
  orders.start();
  await until("the first attempt", () => kafka.away < 1000);
  await until("the reason", () =>
    orders.probe().catch(({ message }) => /no member.*Kafka is away/.test(message)),
  );
});

test("stopping leaves the group and begins nothing any more", async () => {
  const { kafka, orders, consumer } = await setUp();
  const first = await consumer(0);
  await orders.stop();
  expect(first.left).toBe(true);
  expect(orders.up).toBe(false);
  expect(kafka.consumers).toHaveLength(1);
});

test("the lag is the distance to the newest message of each own partition", async () => {
  const { orders, consumer } = await setUp();
  const first = await consumer(0);
  expect([...orders.lag()]).toEqual([
    [1, 0],
    [4, 0],
  ]);
  const marks = { partition: 4, highWatermark: "100", firstOffset: "40", lastOffset: "59" };
  first.emit("start", marks);
  expect([...orders.lag()]).toContainEqual([4, 60]);
  first.emit("end", marks);
  expect([...orders.lag()]).toContainEqual([4, 40]);
  first.emit("join", { memberAssignment: { orders: [1] } });
  expect([...orders.lag()]).toEqual([[1, 0]]);
});
