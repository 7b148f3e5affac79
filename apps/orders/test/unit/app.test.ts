import type { AddressInfo } from "node:net";
import { Booking, OrdersStatus, Problem } from "@evenkeel/contracts";
import { AccessLog } from "@evenkeel/kit/http/access-log";
import { createLogger } from "@evenkeel/kit/logger";
import { expect, onTestFinished, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { type Announcer, type Books, DEATH_CAUSES, type Membership } from "../../src/domain/ports.ts";
import { createMetrics } from "../../src/metrics.ts";
import { openBooks } from "../support/books.ts";
import { order, readable } from "../support/messages.ts";

interface Around {
  books?: Partial<Books>;
  membership?: Partial<Membership>;
  announcer?: Partial<Announcer>;
  draining?: boolean;
}

async function serve(around: Around = {}) {
  const { books } = await openBooks();
  const metrics = createMetrics(DEATH_CAUSES);
  const log = createLogger({ format: "pretty", level: "silent", instanceId: "2" }, { write: () => {} });
  const app = createApp({
    instanceId: "2",
    backend: "evenkeel-orders-2:8000",
    version: "test",
    lifecycle: { draining: around.draining ?? false },
    books: new Proxy(books, {
      get: (target, name) =>
        Reflect.get(around.books ?? {}, name) ?? Reflect.get(target, name)?.bind?.(target),
    }),
    membership: { partitions: [0, 3], probe: async () => {}, ...around.membership },
    announcer: { announce: () => {}, probe: async () => {}, close: async () => {}, ...around.announcer },
    accessLog: new AccessLog(log, metrics),
    metrics,
    log,
  });
  const server = app.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { books, metrics, get: (path: string) => fetch(url + path) };
}

const down = () => Promise.reject(new Error("It is away."));

test("a booking is shown as it is in the books", async () => {
  const { books, get } = await serve();
  const placed = order(3);
  await books.enter(readable(placed), "1", 1_700_000_100_000);
  const response = await get(`/bookings/${placed.orderId}`);
  expect(response.status).toBe(200);
  expect(Booking.parse(await response.json())).toMatchObject({ orderId: placed.orderId, bookedBy: "1" });
});

test("an order that is not booked is a 404 with a problem", async () => {
  const response = await (await serve()).get("/bookings/00000000-0000-4000-8000-000000000000");
  expect([response.status, response.headers.get("content-type")]).toEqual([
    404,
    expect.stringContaining("application/problem+json"),
  ]);
  expect(Problem.parse(await response.json())).toMatchObject({ code: "booking.unknown" });
});

test.each(["/health", "/status", "/metrics", "/bookings/x", "/nowhere"])(
  "%s is signed by its instance",
  async (path) => {
    expect((await (await serve()).get(path)).headers.get("x-instance-id")).toBe("2");
  },
);

test("the status is ready with its partitions and the number of bookings", async () => {
  const { books, get } = await serve();
  await books.enter(readable(order(1), order(2)), "1", 1);
  const response = await get("/status");
  expect(response.status).toBe(200);
  expect(OrdersStatus.parse(await response.json())).toMatchObject({
    ...{ status: "ready", instanceId: "2", partitions: [0, 3], booked: 2 },
  });
});

test.each([
  ["the database", { books: { probe: down } }, "database"],
  ["the membership", { membership: { probe: down } }, "kafka"],
])("without %s the status is 503 and says why", async (_, around, dependency) => {
  const response = await (await serve(around)).get("/status");
  expect(response.status).toBe(503);
  const status = OrdersStatus.parse(await response.json());
  expect(status.status).toBe("unavailable");
  expect(status.dependencies[dependency]).toMatchObject({ status: "down", detail: "It is away." });
});

test("without Redis it is ready all the same", async () => {
  const response = await (await serve({ announcer: { probe: down } })).get("/status");
  expect(response.status).toBe(200);
  expect(OrdersStatus.parse(await response.json()).dependencies.redis).toMatchObject({ status: "down" });
});

test("while it leaves it is unready", async () => {
  const response = await (await serve({ draining: true })).get("/status");
  expect([response.status, ((await response.json()) as OrdersStatus).status]).toEqual([503, "draining"]);
});

test("each reason for putting a message aside is counted from 0 on, so that Prometheus sees the first one rise", async () => {
  const { metrics, get } = await serve();
  const deadLines = async () => (await (await get("/metrics")).text()).match(/^orders_dead_total\{.*$/gm);
  expect(await deadLines()).toEqual(DEATH_CAUSES.map((reason) => `orders_dead_total{reason="${reason}"} 0`));
  metrics.dead.inc({ reason: "schema" });
  expect(await deadLines()).toContain('orders_dead_total{reason="schema"} 1');
});

test("the consumer's figures are read at the scrape; a partition that went away has none", async () => {
  const { metrics, get } = await serve();
  let lag: [number, number][] = [
    [0, 5],
    [3, 0],
  ];
  metrics.watch({ up: true, partitions: [0, 3], batchAgeSeconds: 21.5, lag: () => lag });
  const first = await (await get("/metrics")).text();
  for (const line of [
    'lag{partition="0"} 5',
    'lag{partition="3"} 0',
    "kafka_up 1",
    "assigned_partitions 2",
    "orders_batch_age_seconds 21.5",
  ]) {
    expect(first).toContain(line);
  }
  lag = [[3, 2]];
  const second = await (await get("/metrics")).text();
  expect(second).toContain('lag{partition="3"} 2');
  expect(second).not.toContain('partition="0"');
});
