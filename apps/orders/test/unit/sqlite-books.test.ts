import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { SqliteBooks } from "../../src/adapters/sqlite-books.ts";
import { openBooks } from "../support/books.ts";
import { order, readable, reset } from "../support/messages.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const AT = 1_700_000_100_000;

test("an order is booked with everything that is known of it", async () => {
  const { books } = await openBooks();
  const placed = order(5);
  const { booked } = await books.enter(readable(order(4), placed), "2", AT);
  const { orderId } = placed;
  const expected = {
    ...{ orderId, eventId: 5, productId: "rope", quantity: 2, totalCents: 1800 },
    ...{ placedAt: placed.at, bookedAt: AT, bookedBy: "2", partition: 3, offset: "1" },
  };
  expect(booked[1]).toEqual(expected);
  expect(await books.find(orderId)).toEqual(expected);
  expect(await books.find("another")).toBeUndefined();
  expect(await books.count()).toBe(2);
});

test("the same order again changes nothing, in the same batch, in a later one and on another connection", async () => {
  const { books, file } = await openBooks();
  const placed = order(1);
  const first = await books.enter(readable(placed, placed), "1", AT);
  expect(first).toMatchObject({ booked: [{ orderId: placed.orderId }], duplicates: 1 });
  const { books: other } = await openBooks(file);
  const again = await other.enter(readable(placed), "2", AT + 1);
  expect(again).toEqual({ booked: [], duplicates: 1, stale: 0, contradictions: [] });
  expect(await books.find(placed.orderId)).toMatchObject({ bookedBy: "1", bookedAt: AT });
  expect(await books.count()).toBe(1);
});

test("the same id with other content contradicts the books, which stay as they are", async () => {
  const { books } = await openBooks();
  const placed = order(1);
  const liar = { ...placed, quantity: 9 };
  const { booked, duplicates, contradictions } = await books.enter(readable(placed, liar), "1", AT);
  expect([booked.length, duplicates]).toEqual([1, 0]);
  expect(contradictions).toMatchObject([
    {
      cause: "contradiction",
      reason: expect.stringMatching(/quantity 2, not 9/),
      raw: { origin: { offset: "1" } },
    },
  ]);
  expect(await books.find(placed.orderId)).toMatchObject({ quantity: 2 });
});

test("a reset forgets the older orders of its product only", async () => {
  const { books } = await openBooks();
  const [old, other, young] = [order(1), order(2, { productId: "sail" }), order(4)];
  await books.enter(readable(old, other, reset(3), young), "1", AT);
  expect(await books.find(old.orderId)).toBeUndefined();
  expect(await books.find(other.orderId)).toBeDefined();
  expect(await books.find(young.orderId)).toBeDefined();
  expect(await books.count()).toBe(2);
});

test("what a reset of the same batch forgot is not announced", async () => {
  const { books } = await openBooks();
  const [old, young] = [order(1), order(3)];
  const { booked } = await books.enter(readable(old, reset(2), young), "1", AT);
  expect(booked.map(({ orderId }) => orderId)).toEqual([young.orderId]);
});

test("an order that Kafka brings again after its reset stays forgotten", async () => {
  const { books } = await openBooks();
  const old = order(1);
  await books.enter(readable(old, reset(5)), "1", AT);
  expect(await books.enter(readable(old), "2", AT)).toEqual({
    ...{ booked: [], duplicates: 0, stale: 1, contradictions: [] },
  });
  expect(await books.count()).toBe(0);
});

test("an older reset that comes again takes nothing away and lets nothing back in", async () => {
  const { books } = await openBooks();
  const [old, young] = [order(4), order(7)];
  await books.enter(readable(old, reset(6), young), "1", AT);
  const { stale } = await books.enter(readable(reset(2), old), "1", AT);
  expect(stale).toBe(1);
  expect(await books.find(young.orderId)).toBeDefined();
  expect(await books.count()).toBe(1);
});

test("a reset whose product has no orders yet is remembered", async () => {
  const { books } = await openBooks();
  await books.enter(readable(reset(9)), "1", AT);
  expect(await books.enter(readable(order(8), order(10)), "1", AT)).toMatchObject({
    stale: 1,
    booked: [{ eventId: 10 }],
  });
});

test("a shop with a new database, whose ids begin again, is booked from a minute after the last reset on", async () => {
  const { books } = await openBooks();
  const last = reset(5000);
  await books.enter(readable(order(4999), last), "1", AT);
  const late = order(1, { at: last.at + 60_000 });
  const outcome = await books.enter(readable(order(1, { at: last.at + 59_999 }), late), "1", AT);
  expect(outcome).toMatchObject({ booked: [{ orderId: late.orderId }], stale: 1 });

  // The old reset comes again, and then the first one of the new database.
  await books.enter(readable(last), "1", AT);
  expect(await books.find(late.orderId)).toBeDefined();
  const young = order(3, { at: last.at + 200_000 });
  const next = { ...reset(2), at: last.at + 100_000 };
  expect(await books.enter(readable(next, late, young), "1", AT)).toMatchObject({
    booked: [{ orderId: young.orderId }],
    stale: 1,
  });
  expect(await books.count()).toBe(1);
});

test("an order that a busy database held up is forgotten with the reset that overtook its time", async () => {
  const { books } = await openBooks();
  const second = reset(2);
  const overtaken = order(1, { at: second.at + 5000 });
  const { booked } = await books.enter(readable(overtaken, second), "1", AT);
  expect(booked).toEqual([]);
  expect(await books.enter(readable(overtaken), "1", AT)).toMatchObject({ stale: 1 });
  expect(await books.count()).toBe(0);
});

test("books of the first version keep what they know; their resets count until now", async () => {
  const { books: before, file } = await openBooks();
  const known = order(7);
  await before.enter(readable(reset(5), known), "1", AT);
  await before.close();
  const old = new DatabaseSync(file);
  old.exec("ALTER TABLE resets DROP COLUMN at; PRAGMA user_version = 1");
  old.close();
  const { books } = await openBooks(file);
  const later = order(1, { at: Date.now() + 120_000 });
  expect(await books.enter(readable(order(4), known, later), "1", AT)).toMatchObject({
    stale: 1,
    duplicates: 1,
    booked: [{ orderId: later.orderId }],
  });
});

test("a batch is entered as a whole or not at all", async () => {
  const { books, file } = await openBooks();
  const saboteur = new DatabaseSync(file);
  saboteur.exec(`CREATE TRIGGER no_more BEFORE INSERT ON bookings WHEN NEW.event_id = 3
    BEGIN SELECT raise(ABORT, 'disk full'); END`);
  const batch = readable(order(1), order(2), order(3));
  await expect(books.enter(batch, "1", AT)).rejects.toMatchObject({
    code: "books.unavailable",
    message: "The books cannot be used at the moment: disk full.",
  });
  expect(await books.count()).toBe(0);
  expect(
    await books.find(batch[0]!.message.type === "order.placed" ? batch[0]!.message.orderId : ""),
  ).toBeUndefined();
  saboteur.exec("DROP TRIGGER no_more");
  saboteur.close();
  expect((await books.enter(batch, "1", AT)).booked).toHaveLength(3);
});

test("who waits for the lock of another instance gets it when it is free", async () => {
  const { books, file } = await openBooks();
  const other = new DatabaseSync(file);
  other.exec("BEGIN IMMEDIATE");
  const entering = books.enter(readable(order(1)), "1", AT);
  setImmediate(() => {
    other.exec("COMMIT");
    other.close();
  });
  expect((await entering).booked).toHaveLength(1);
});

test("all bookings come in order of product and event, as they were at one moment", async () => {
  const { books, file } = await openBooks();
  const { books: other } = await openBooks(file);
  await books.enter(readable(order(3), order(1), order(2, { productId: "anchor" })), "1", AT);
  const events: number[] = [];
  for await (const { eventId } of books.all()) {
    if (events.length === 0) await other.enter(readable(order(9), reset(9)), "2", AT);
    events.push(eventId);
  }
  expect(events).toEqual([2, 1, 3]);
  expect(await books.count()).toBe(2);
});

test("the probe notices that the file is gone or was replaced", async () => {
  const { books, file } = await openBooks();
  await books.probe();
  for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
  await expect(books.probe()).rejects.toThrow(/file is gone/);
  writeFileSync(file, "");
  await expect(books.probe()).rejects.toThrow(/replaced/);
});

test("a file that is no database, and one of a newer version, are refused with a sentence", async () => {
  const file = join(temporaryFolder(), "orders.db");
  writeFileSync(file, "this is no database, whatever its name says");
  await expect(SqliteBooks.open(file)).rejects.toThrow(/could not be prepared/);
  const newer = join(temporaryFolder(), "orders.db");
  const db = new DatabaseSync(newer);
  db.exec("PRAGMA user_version = 99");
  db.close();
  await expect(SqliteBooks.open(newer)).rejects.toMatchObject({
    cause: { message: expect.stringMatching(/99/) },
  });
});
