import { EventEmitter, once } from "node:events";
import type { AddressInfo } from "node:net";
import type { StockEvent } from "@evenkeel/contracts";
import express, { type Response } from "express";
import { expect, onTestFinished, test, vi } from "vitest";
import type { EventBus, Ledger } from "../../src/domain/ports.ts";
import { READ_BATCH, type StockFeed } from "../../src/domain/stock-feed.ts";
import type { AccessLog } from "../../src/http/access-log.ts";
import { EventStreams, MAX_STREAMS, MAX_WAITING } from "../../src/http/event-stream.ts";
import { eventRoutes } from "../../src/http/routes/events.ts";
import { createMetrics } from "../../src/metrics.ts";
import { until } from "../support/until.ts";

/** A response whose client reads only when told to. */
class FakeResponse extends EventEmitter {
  text = "";
  writableLength = 0;
  writableEnded = false;
  destroyed = false;
  writableNeedDrain = false;

  write(chunk: string | Buffer): boolean {
    if (this.writableEnded || this.destroyed) throw new Error("written after the end");
    this.text += chunk;
    this.writableLength += chunk.length;
    this.writableNeedDrain = this.writableLength > 16_384;
    return !this.writableNeedDrain;
  }

  clientReads(): void {
    this.writableLength = 0;
    this.writableNeedDrain = false;
    this.emit("drain");
  }

  end(): void {
    this.writableEnded = true;
    this.emit("close");
  }

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }

  get ids(): number[] {
    return Array.from(this.text.matchAll(/^id: (\d+)\nevent: stock$/gm), ([, id]) => Number(id));
  }
}

const event = (id: number): StockEvent => ({
  id,
  productId: "spyglass",
  stock: 1,
  sold: 1,
  instanceId: "1",
  at: 1700000000000,
});
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

function streamsOver(count: number) {
  const feed = { last: count };
  const ledger: Partial<Ledger> = {
    eventWindow: async () => ({ oldest: 1, newest: feed.last }),
    eventsAfter: async (id, limit) => range(id + 1, Math.min(id + limit, feed.last)).map(event),
    stock: async () => ({ lastEventId: feed.last, stock: [] }),
  };
  const metrics = createMetrics();
  const errors: unknown[] = [];
  const streams = new EventStreams({
    instanceId: "1",
    ledger: ledger as Ledger,
    bus: { state: "up" } as EventBus,
    feed: feed as StockFeed,
    metrics,
    onError: (error) => errors.push(error),
    replayReadMs: 300,
  });
  const open = (lastEventId?: number) => {
    const response = new FakeResponse();
    streams.open(response as unknown as Response, lastEventId);
    return response;
  };
  const cuts = async () =>
    (await metrics.streamCuts.get()).values.map(({ labels, value }) => [labels.reason, value]);
  const announce = (id: number) => {
    feed.last = id;
    streams.onEvent(event(id));
  };
  return { streams, open, announce, cuts, errors, ledger };
}

test("a long replay waits for its reader and then goes live without a gap", async () => {
  const total = READ_BATCH * 4 + 3;
  const t = streamsOver(total);
  const client = t.open(0);
  await until("the first batch", () => client.writableNeedDrain);
  expect(client.ids).toEqual(range(1, READ_BATCH));
  t.announce(total + 1);
  while (client.ids.length < total + 1) {
    expect(client.writableLength).toBeLessThan(MAX_WAITING);
    await until("the next batch", () => client.writableLength > 0);
    client.clientReads();
  }
  t.announce(total + 2);
  expect(client.ids).toEqual(range(1, total + 2));
  expect(await t.cuts()).toEqual([]);
});

test("who does not read its replay is cut after a while, once", async () => {
  const t = streamsOver(READ_BATCH * 2);
  const client = t.open(0);
  await until("the cut", () => client.destroyed);
  expect(client.ids).toEqual(range(1, READ_BATCH));
  expect(await t.cuts()).toEqual([["slow", 1]]);
  expect(t.streams.size).toBe(0);
});

test("who leaves during its replay is forgotten, not cut", async () => {
  const t = streamsOver(READ_BATCH * 2);
  const client = t.open(0);
  await until("the first batch", () => client.writableNeedDrain);
  client.destroy();
  await until("the end", () => t.streams.size === 0);
  t.announce(READ_BATCH * 2 + 1);
  expect(client.ids).toEqual(range(1, READ_BATCH));
  expect(await t.cuts()).toEqual([]);
});

test("a live client that stops reading is cut above the limit, and others are not", async () => {
  const t = streamsOver(0);
  const [slow, quick] = [t.open(), t.open()];
  await until("both snapshots", () => [slow, quick].every(({ text }) => text.includes("snapshot")));
  let id = 0;
  while (!slow.destroyed) {
    t.announce(++id);
    quick.clientReads();
    expect(slow.writableLength).toBeLessThan(MAX_WAITING + 1000);
  }
  t.announce(++id);
  expect(quick.ids).toEqual(range(1, id));
  expect(await t.cuts()).toEqual([["slow", 1]]);
  expect(t.streams.size).toBe(1);
});

test("a ledger that fails ends the stream, so that the client comes back", async () => {
  const t = streamsOver(5);
  t.ledger.eventsAfter = async () => {
    throw new Error("database away");
  };
  const client = t.open(2);
  await until("the cut", () => client.destroyed);
  expect(t.errors).toHaveLength(1);
  expect(await t.cuts()).toEqual([["error", 1]]);
});

test("a fresh start gives every live client a snapshot, then what follows it", async () => {
  const t = streamsOver(5);
  const client = t.open(5);
  await until("hello", () => client.text.includes("hello"));
  await until("live", () => {
    t.announce(6);
    return client.ids.includes(6);
  });
  t.streams.onResync();
  await until("the snapshot", () => client.text.includes("id: 6\nevent: snapshot"));
  await until("live again", () => {
    t.announce(7);
    return client.ids.includes(7);
  });
  expect(client.ids).toEqual([6, 7]);
});

test("draining ends all streams, those that come later too", async () => {
  const t = streamsOver(1);
  const client = t.open();
  t.streams.drain();
  const late = t.open();
  for (const { text, writableEnded } of [client, late]) {
    expect(text).toMatch(/retry: 250\nevent: draining\ndata: {"instanceId":"1"}\n\n$/);
    expect(writableEnded).toBe(true);
  }
  expect(t.streams.size).toBe(0);
});

test("every open stream gets a heartbeat each 15 seconds", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const t = streamsOver(0);
  const clients = [t.open(), t.open()];
  await vi.advanceTimersByTimeAsync(45_500);
  for (const { text } of clients) expect(text.split(": heartbeat\n\n")).toHaveLength(4);
});

test("a replica takes so many streams and no more; the next is told when to come back", async () => {
  const t = streamsOver(0);
  const clients = Array.from({ length: MAX_STREAMS - 1 }, () => t.open());
  expect(t.streams.full).toBe(false);
  clients.push(t.open());
  expect(t.streams.full).toBe(true);

  const app = express();
  eventRoutes(app, t.streams, {} as AccessLog);
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const refused = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/events`);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(await refused.json()).toMatchObject({ code: "streams.full" });
  clients[0]?.destroy();
  expect(t.streams.full).toBe(false);
});
