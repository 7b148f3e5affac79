import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { AccessLog } from "@evenkeel/kit/http/access-log";
import express from "express";
import { expect, onTestFinished, test, vi } from "vitest";
import { MAX_STREAMS, MAX_WAITING } from "../../src/http/event-stream.ts";
import { eventRoutes } from "../../src/http/routes/events.ts";
import { range, streamsOver } from "../support/fake-streams.ts";
import { until } from "../support/until.ts";

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

test("bookings go to live streams in small parts, without an id, and never push anybody over the limit", async () => {
  const t = streamsOver(0);
  const [quick, slow] = [t.open(), t.open()];
  await until("both snapshots", () => [quick, slow].every(({ text }) => text.includes("snapshot")));
  for (const client of [quick, slow]) client.clientReads();
  t.streams.onBooked({ orderIds: range(1, 250).map(String), bookedBy: "1", at: 5 });
  const sent = quick.text.match(/^event: booked\ndata: .*$/gm) ?? [];
  expect(sent.map((text) => JSON.parse(text.split("data: ")[1] ?? "").orderIds.length)).toEqual([200, 50]);
  expect(quick.ids).toEqual([]);
  for (let i = 0; i < 100; i++) {
    quick.clientReads();
    t.streams.onBooked({ orderIds: ["x".repeat(1000)], bookedBy: "1", at: 5 });
  }
  expect([quick, slow].map(({ destroyed }) => destroyed)).toEqual([false, false]);
  expect(quick.text.split("x".repeat(1000))).toHaveLength(101);
  expect(slow.text.split("x".repeat(1000)).length).toBeLessThan(20);
});

test("each stream that begins again from a snapshot is counted, new clients are not", async () => {
  const t = streamsOver(5);
  const resyncs = async () => (await t.metrics.streamResyncs.get()).values[0]?.value;
  const clients = [t.open(), t.open(5)];
  await until("the snapshot", () => clients[0]!.text.includes("snapshot"));
  expect(await resyncs()).toBe(0);
  t.open(99);
  expect(await until("its count", async () => (await resyncs()) === 1)).toBe(true);
  await until("live", () => {
    t.announce(t.feed.last + 1);
    for (const client of clients) client.clientReads();
    return clients.every(({ ids }) => ids.length > 0);
  });
  t.streams.onResync();
  expect(await resyncs()).toBeGreaterThanOrEqual(3);
});
