import { randomUUID } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { KEEP_EVENTS, SqliteLedger } from "../../src/adapters/sqlite.ts";
import { retryWhileBusy } from "../../src/adapters/sqlite-retry.ts";
import type { NewOrder } from "../../src/domain/ports.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function openLedger(initialStock = 10, file = join(temporaryFolder(), "shop.db")) {
  const ledger = await SqliteLedger.open(file, [{ id: "rope", initialStock }]);
  onTestFinished(() => ledger.close());
  return { ledger, file };
}

const order = (quantity: number, idempotencyKey?: string): NewOrder => ({
  orderId: randomUUID(),
  productId: "rope",
  quantity,
  totalCents: quantity * 100,
  idempotencyKey,
  instanceId: "1",
  at: 1700000000000,
});

test("a sale moves stock, order and event together", async () => {
  const { ledger, file } = await openLedger();
  const booking = await ledger.book(order(3));
  expect(booking).toMatchObject({
    outcome: "sold",
    receipt: { quantity: 3, totalCents: 300, stock: 7, eventId: 1 },
    event: { id: 1, productId: "rope", stock: 7, sold: 3, instanceId: "1", at: 1700000000000 },
  });
  expect(await ledger.stock()).toEqual({ lastEventId: 1, stock: [{ productId: "rope", stock: 7 }] });
  expect(await ledger.eventsAfter(0, 10)).toEqual(booking.outcome === "sold" ? [booking.event] : []);
  const rows = new DatabaseSync(file, { readOnly: true });
  expect(rows.prepare("SELECT quantity, stock_after FROM orders").all()).toEqual([
    { quantity: 3, stock_after: 7 },
  ]);
  rows.close();
});

test("what is not there is not sold, and the refusal is not remembered under its key", async () => {
  const { ledger } = await openLedger(2);
  expect(await ledger.book(order(3, "k"))).toEqual({ outcome: "insufficient", stock: 2 });
  expect(await ledger.eventsAfter(0, 10)).toEqual([]);
  expect(await ledger.book(order(2, "k"))).toMatchObject({ outcome: "sold" });
});

test("the same key sells once; another order under it is a mismatch", async () => {
  const { ledger } = await openLedger();
  const first = await ledger.book(order(2, "k"));
  const again = await ledger.book(order(2, "k"));
  expect(again).toEqual({ outcome: "replayed", receipt: first.outcome === "sold" ? first.receipt : null });
  expect(await ledger.book(order(1, "k"))).toEqual({ outcome: "mismatch" });
  expect((await ledger.stock()).stock[0]?.stock).toBe(8);
});

test("a reset refills, forgets orders and keys, and event ids go on", async () => {
  const { ledger } = await openLedger();
  await ledger.book(order(4, "k"));
  expect(await ledger.reset(1700000000001)).toEqual({
    ordersDeleted: 1,
    events: [{ id: 2, productId: "rope", stock: 10, sold: 0, instanceId: "", at: 1700000000001 }],
  });
  expect((await ledger.eventsAfter(1, 10)).map(({ id }) => id)).toEqual([2]);
  expect(await ledger.book(order(4, "k"))).toMatchObject({ outcome: "sold", receipt: { eventId: 3 } });
});

test("only the newest events are kept, and never fewer than a relay still needs", async () => {
  const { ledger, file } = await openLedger(1_000_000);
  expect(await ledger.eventWindow()).toEqual({ oldest: 1, newest: 0 });
  const sell = async (count: number) => {
    for (let i = 0; i < count; i++) await ledger.book(order(1));
  };
  const relay = new DatabaseSync(file);
  relay.exec("INSERT INTO relays (name, drained_through) VALUES ('other', 42)");
  await sell(KEEP_EVENTS + 1000);
  expect(await ledger.eventWindow()).toEqual({ oldest: 43, newest: KEEP_EVENTS + 1000 });
  relay.exec("UPDATE relays SET drained_through = 1000000");
  relay.close();
  // The backlog of a slow relay goes in slices, so that no single sale pays for all of it.
  await sell(500);
  expect((await ledger.eventWindow()).oldest).toBe(1044);
  await sell(500);
  const { oldest, newest } = await ledger.eventWindow();
  expect(newest - oldest).toBe(KEEP_EVENTS - 1);
  expect((await ledger.eventsAfter(0, 1))[0]?.id).toBe(oldest);
});

test("while others hold the database the event loop runs on, and then the sale goes through", async () => {
  const { ledger, file } = await openLedger();
  const other = new DatabaseSync(file);
  other.exec("BEGIN IMMEDIATE");
  let ticks = 0;
  const ticker = setInterval(() => {
    if (++ticks === 20) other.exec("COMMIT");
  }, 5);
  const booking = await ledger.book(order(1));
  clearInterval(ticker);
  other.close();
  expect(booking.outcome).toBe("sold");
  expect(ticks).toBeGreaterThanOrEqual(20);
});

test("a database that stays held is given up at the deadline, unchanged", async () => {
  const { ledger, file } = await openLedger();
  const other = new DatabaseSync(file);
  other.exec("BEGIN IMMEDIATE");
  const mine = new DatabaseSync(file, { timeout: 0 });
  await expect(retryWhileBusy(() => mine.exec("BEGIN IMMEDIATE"), 100)).rejects.toMatchObject({
    code: "store.busy",
    message: expect.stringContaining("0.1 seconds"),
  });
  mine.close();
  other.close();
  expect((await ledger.stock()).stock[0]?.stock).toBe(10);
});

test("a database that does not work is named as such, with the cause", async () => {
  const { ledger } = await openLedger();
  await ledger.close();
  await expect(ledger.stock()).rejects.toMatchObject({ code: "store.unavailable", cause: expect.any(Error) });
});

test("the probe notices a file that is gone or was replaced", async () => {
  const { ledger, file } = await openLedger();
  await ledger.probe();
  rmSync(file);
  await expect(ledger.probe()).rejects.toThrow(/gone/);
  await openLedger(10, file);
  await expect(ledger.probe()).rejects.toThrow(/replaced/);
});

test("a volume that cannot be used is named in a full sentence, with the cause", async () => {
  const folder = temporaryFolder();
  const plainFile = join(folder, "file");
  writeFileSync(plainFile, "no folder");
  const noDatabase = join(folder, "text.db");
  writeFileSync(noDatabase, "this is no database, but long enough to be looked at. ".repeat(30));
  for (const file of [join(plainFile, "shop.db"), folder, noDatabase]) {
    const opening = SqliteLedger.open(file, []);
    await expect(opening, file).rejects.toMatchObject({
      message: expect.stringMatching(
        /^The database .* could not be prepared\. .* check the volume, or remove/,
      ),
      cause: expect.any(Error),
    });
  }
});

test("a database of a newer shop is refused with a sentence", async () => {
  const { ledger, file } = await openLedger();
  await ledger.close();
  const newer = new DatabaseSync(file);
  newer.exec("PRAGMA user_version = 99");
  newer.close();
  await expect(openLedger(10, file)).rejects.toThrow(/could not be prepared.*version 2 or older/s);
});
