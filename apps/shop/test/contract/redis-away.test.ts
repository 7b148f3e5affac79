import { StatusResponse } from "@evenkeel/contracts";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { EventClient } from "../support/event-client.ts";
import { openPipe, type Pipe } from "../support/pipe.ts";
import { type Running, redisUrl, shared, startReplica } from "../support/replica.ts";
import { until } from "../support/until.ts";

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

async function labWithCable() {
  const pipe = await openPipe(redisUrl);
  const on = shared();
  const a = await startReplica(on, { instanceId: "1", redisUrl: pipe.url, cartStore: "redis" });
  const b = await startReplica(on, { instanceId: "2", redisUrl: pipe.url });
  const clients = [await EventClient.open(a.url), await EventClient.open(b.url)];
  for (const replica of [a, b]) await untilRedis(replica, "up");
  for (const client of clients) await client.first("snapshot");
  return { pipe, a, b, clients };
}

async function status(replica: Running): Promise<StatusResponse> {
  const response = await replica.fetch("/status");
  expect(response.status).toBe(200);
  return StatusResponse.parse(await response.json());
}

async function untilRedis(replica: Running, state: "up" | "down"): Promise<void> {
  await until(`Redis ${state}`, async () => (await status(replica)).dependencies.redis?.status === state);
}

const states = (client: EventClient) => client.named("bus").map(({ data }) => (data as { bus: string }).bus);

async function sell(a: Running, b: Running, count: number): Promise<void> {
  const answers = await Promise.all(range(1, count).map((i) => (i % 2 === 0 ? a : b).buy("hemp-rope", 1)));
  expect(answers.map(({ status }) => status)).toEqual(Array(count).fill(201));
}

/** Sells before, during and after; every stream must end with all ids, once and in order. */
async function survives(fault: (pipe: Pipe) => void) {
  const { pipe, a, b, clients } = await labWithCable();
  await sell(a, b, 20);
  fault(pipe);
  await sell(a, b, 20);
  for (const replica of [a, b]) await untilRedis(replica, "down");
  await sell(a, b, 20);
  for (const client of clients) {
    await client.untilId(60);
    await until("word of the loss", () => states(client).at(-1) === "down");
  }
  pipe.mend();
  for (const replica of [a, b]) await untilRedis(replica, "up");
  await sell(a, b, 20);
  for (const client of clients) {
    await client.untilId(80);
    await until("word of the return", () => states(client).at(-1) === "up");
    expect(client.ids).toEqual(range(1, 80));
    expect(client.ended).toBe(false);
  }
  return { a, b };
}

test("the cable to Redis is cut: buying works, streams say so, everything catches up", async () => {
  const { a } = await survives((pipe) => pipe.cut());
  expect(a.logLines.filter((line) => line.includes("redis is down"))).toHaveLength(1);
});

test("Redis hangs without a word: the same", async () => {
  await survives((pipe) => pipe.stall());
});

test("Redis kills the connections: the same ids arrive", async () => {
  const on = shared();
  const [a, b] = [await startReplica(on), await startReplica(on, { instanceId: "2" })];
  const client = await EventClient.open(a.url);
  for (const replica of [a, b]) await untilRedis(replica, "up");
  await client.first("snapshot");
  const admin = new Redis(redisUrl);
  onTestFinished(() => admin.disconnect());
  for (let round = 0; round < 5; round++) {
    const selling = sell(a, b, 20);
    await admin.call("CLIENT", "KILL", "TYPE", "PUBSUB");
    await admin.call("CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "YES");
    await selling;
  }
  await client.untilId(100);
  expect(client.ids).toEqual(range(1, 100));
});

test("shared carts are refused in bounded time while Redis is away, and come back", async () => {
  const { pipe, a } = await labWithCable();
  const put = () =>
    a.fetch("/cart", {
      method: "PUT",
      headers: { "content-type": "application/json", cookie: "evenkeel_cart=0123456789abcdef" },
      body: JSON.stringify({ productId: "spyglass", quantity: 1 }),
    });
  expect((await put()).status).toBe(200);
  for (const fault of [pipe.stall, pipe.cut]) {
    fault();
    const start = performance.now();
    const response = await put();
    expect(performance.now() - start).toBeLessThan(1500);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await response.json()).toMatchObject({ code: "cart.unavailable" });
  }
  pipe.mend();
  await until("the cart", async () => (await put()).status === 200);
});

test("a replica starts without Redis and finds it later", async () => {
  const pipe = await openPipe(redisUrl);
  pipe.cut();
  const replica = await startReplica(shared(), { redisUrl: pipe.url });
  const client = await EventClient.open(replica.url);
  expect((await client.first("hello")).data).toEqual({ instanceId: "1", bus: "down" });
  expect(await status(replica)).toMatchObject({
    status: "ready",
    dependencies: { redis: { status: "down", required: false, latencyMs: null } },
  });
  await replica.buy("spyglass", 1);
  await client.untilId(1);
  await until("the log line", () => replica.logLines.some((line) => /redis is down.*reason=\w+/.test(line)));
  pipe.mend();
  await until("word of the return", () => states(client).at(-1) === "up");
  expect(states(client)).toEqual(["up"]);
});
