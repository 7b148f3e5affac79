import { expect, test } from "vitest";
import { READ_BATCH } from "../../src/domain/stock-feed.ts";
import { MAX_WAITING } from "../../src/http/event-stream.ts";
import { event, range, streamsOver } from "../support/fake-streams.ts";
import { until } from "../support/until.ts";

test("a long replay waits for its reader and then goes live without a gap", async () => {
  const total = READ_BATCH * 4 + 3;
  const t = streamsOver(total);
  const client = t.open(0);
  await until("the first batch", () => client.ids.length > 0);
  expect(client.ids).toEqual(range(1, READ_BATCH));
  t.announce(total + 1);
  while (client.ids.length < total + 1) {
    expect(client.writableLength).toBeLessThan(MAX_WAITING);
    await until("the next batch", () => client.writableLength > 0);
    client.clientReads();
  }
  t.announce(total + 2);
  await until("the last", () => {
    client.clientReads();
    return client.ids.includes(total + 2);
  });
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
  await until("the first batch", () => client.ids.length > 0);
  client.destroy();
  await until("the end", () => t.streams.size === 0);
  t.announce(READ_BATCH * 2 + 1);
  expect(client.ids).toEqual(range(1, READ_BATCH));
  expect(await t.cuts()).toEqual([]);
});

test("a replica that drains sends nothing more of a replay", async () => {
  const t = streamsOver(READ_BATCH * 2);
  const client = t.open(0);
  await until("the first batch", () => client.ids.length > 0);
  t.streams.drain();
  expect(client.text).toMatch(/event: draining\ndata: .*\n\n$/);
  expect(client.ids).toEqual(range(1, READ_BATCH));
  expect(await t.cuts()).toEqual([]);
});

test("what is pruned during a replay is replaced by a snapshot, never left out", async () => {
  const total = READ_BATCH * 3;
  const t = streamsOver(total);
  const { eventsAfter } = t.ledger;
  t.ledger.eventsAfter = async (id, limit) =>
    id === READ_BATCH ? [event(READ_BATCH * 2 + 50)] : ((await eventsAfter?.(id, limit)) ?? []);
  const client = t.open(0);
  await until("the first batch", () => client.ids.length > 0);
  client.clientReads();
  await until("the snapshot", () => client.text.includes("event: snapshot"));
  t.announce(total + 1);
  await until("what follows it", () => {
    client.clientReads();
    return client.ids.includes(total + 1);
  });
  expect(client.ids).toEqual([...range(1, READ_BATCH), total + 1]);
  expect(client.text).toContain(`id: ${total}\nevent: snapshot`);
});

test("a feed that is ahead of the ledger is made to look, and the client gets a snapshot", async () => {
  const t = streamsOver(3);
  let newest = 3;
  t.ledger.eventWindow = async () => ({ oldest: 1, newest });
  t.ledger.eventsAfter = async (id, limit) => range(id + 1, Math.min(id + limit, newest)).map(event);
  t.ledger.stock = async () => ({ lastEventId: newest, stock: [] });
  t.feed.last = 4;
  t.feed.catchUp = async () => {
    t.feed.last = newest;
  };
  const client = t.open(3);
  await until("the snapshot", () => client.text.includes("id: 3\nevent: snapshot"));
  newest = 4;
  t.announce(4);
  await until("what follows it", () => {
    client.clientReads();
    return client.ids.includes(4);
  });
});

test("a sale during the read of an up-to-date client reaches it as an event, not as a snapshot", async () => {
  const t = streamsOver(5);
  const { eventsAfter } = t.ledger;
  let reads = 0;
  t.ledger.eventsAfter = async (id, limit) => {
    const rows = (await eventsAfter?.(id, limit)) ?? [];
    if (++reads === 1) t.announce(6);
    return rows;
  };
  const client = t.open(5);
  await until("the sale", () => client.ids.includes(6));
  expect(client.text).not.toContain("snapshot");
});

test("a feed that stays ahead of the ledger costs the client its stream, not the replica its life", async () => {
  const t = streamsOver(3);
  t.ledger.eventWindow = async () => ({ oldest: 1, newest: 3 });
  t.ledger.eventsAfter = async () => [];
  t.ledger.stock = async () => ({ lastEventId: 3, stock: [] });
  t.feed.last = 4;
  const client = t.open(3);
  await until("the cut", () => client.destroyed);
  expect(await t.cuts()).toEqual([["error", 1]]);
  expect(t.errors).toHaveLength(1);
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
    client.clientReads();
    return client.ids.includes(6);
  });
  t.streams.onResync();
  await until("the snapshot", () => client.text.includes("id: 6\nevent: snapshot"));
  await until("live again", () => {
    t.announce(7);
    client.clientReads();
    return client.ids.includes(7);
  });
  expect(client.ids).toEqual([6, 7]);
});
