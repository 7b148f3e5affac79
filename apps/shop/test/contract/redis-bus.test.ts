import type { StockEvent } from "@evenkeel/contracts";
import { expect, onTestFinished, test } from "vitest";
import { RedisBus } from "../../src/adapters/redis-bus.ts";
import { openPipe } from "../support/pipe.ts";
import { redisUrl, shared } from "../support/replica.ts";
import { until } from "../support/until.ts";

const event = (id: number): StockEvent => ({
  id,
  productId: "hemp-rope",
  stock: 500 - id,
  sold: 1,
  instanceId: "1",
  at: 1,
});

/** A bus on a channel of its own that is up, and the ids it has heard. */
async function openBus(channel: string, url = redisUrl) {
  const lost = { events: 0 };
  const heard: number[] = [];
  const bus = new RedisBus({ url, channel, onLost: () => lost.events++ });
  onTestFinished(() => bus.close());
  bus.listen({ onEvent: ({ id }) => void heard.push(id), onState: () => {} });
  await until("the bus to be up", () => bus.state === "up");
  return { bus, heard, lost };
}

test("events of one moment share a write and arrive one by one, in order", async () => {
  const { channel } = shared();
  const [a, b] = [await openBus(channel), await openBus(channel)];
  for (let id = 1; id <= 50; id++) a.bus.publish(event(id));
  await until("all events", () => b.heard.length === 50);
  expect(b.heard).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  expect(a.lost.events).toBe(0);
});

test("who is answered after publishing has published", async () => {
  const { channel } = shared();
  const [a, b] = [await openBus(channel), await openBus(channel)];
  a.bus.publish(event(1));
  await a.bus.probe();
  await b.bus.probe();
  await until("the event", () => b.heard.length === 1, 200);
});

test("what was published right before the end arrives, and does not count as lost", async () => {
  const { channel } = shared();
  const [a, b] = [await openBus(channel), await openBus(channel)];
  a.bus.publish(event(7));
  await a.bus.close();
  await until("the event", () => b.heard.length === 1);
  expect(b.heard).toEqual([7]);
  expect(a.lost.events).toBe(0);
});

test("each event that Redis did not take counts as lost, once", async () => {
  const pipe = await openPipe(redisUrl);
  const { channel } = shared();
  const a = await openBus(channel, pipe.url);
  // Gathered while Redis is there, written when it is not; and then some more.
  for (let id = 1; id <= 5; id++) a.bus.publish(event(id));
  pipe.cut();
  await until("the loss", () => a.bus.state === "down");
  for (let id = 6; id <= 8; id++) a.bus.publish(event(id));
  await until("the count", () => a.lost.events === 8);
});
