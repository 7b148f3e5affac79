import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test, vi } from "vitest";
import { KEEP_EVENTS, SqliteLedger } from "../../src/adapters/sqlite.ts";
import type { NewOrder } from "../../src/domain/ports.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const newFile = () => join(temporaryFolder(), "shop.db");

async function open(file = newFile(), relay = true) {
  const ledger = await SqliteLedger.open(file, [{ id: "rope", initialStock: 1_000_000 }], { relay });
  onTestFinished(() => ledger.close());
  return ledger;
}

const order = (fields: Partial<NewOrder> = {}): NewOrder => ({
  orderId: randomUUID(),
  productId: "rope",
  quantity: 2,
  totalCents: 200,
  idempotencyKey: undefined,
  instanceId: "1",
  at: 1_700_000_000_000,
  ...fields,
});

async function sell(ledger: SqliteLedger, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await ledger.book(order());
}

function at(now: number): void {
  vi.useFakeTimers({ now, toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
}

test("of several holders one gets the lease, until it runs out or is given back", async () => {
  at(1_000_000);
  const file = newFile();
  const [a, b] = [(await open(file)).outbox, (await open(file)).outbox];
  expect(await Promise.all([a.take("a", 3000), b.take("b", 3000)])).toEqual([true, false]);
  vi.setSystemTime(1_002_999);
  expect(await b.take("b", 3000)).toBe(false);
  expect(await a.take("a", 3000)).toBe(true);
  vi.setSystemTime(1_005_998);
  expect(await b.take("b", 3000)).toBe(false);
  vi.setSystemTime(1_005_999);
  expect(await b.take("b", 3000)).toBe(true);
  expect(await a.take("a", 3000)).toBe(false);
  await a.release("a");
  expect(await a.take("a", 3000)).toBe(false);
  await b.release("b");
  expect(await a.take("a", 3000)).toBe(true);
});

test("who lost the lease cannot move the mark, and the mark never goes back", async () => {
  at(1_000_000);
  const file = newFile();
  const ledger = await open(file);
  const [a, b] = [ledger.outbox, (await open(file)).outbox];
  await sell(ledger, 5);
  await a.take("a", 3000);
  expect(await a.confirm("a", 3000, 4, 3)).toBe(true);
  vi.setSystemTime(1_003_000);
  await b.take("b", 3000);
  expect(await a.confirm("a", 3000, 4, 5)).toBe(false);
  expect((await b.undrained(10)).map(({ id }) => id)).toEqual([4, 5]);
  expect(await b.confirm("b", 3000, 4, 2)).toBe(true);
  expect((await b.undrained(10)).map(({ id }) => id)).toEqual([4, 5]);
  expect((await b.undrained(1)).map(({ id }) => id)).toEqual([4]);
});

test("the state tells every replica what waits, since when, and what the holder last heard", async () => {
  at(1_000_000);
  const ledger = await open();
  const { outbox } = ledger;
  const silent = { answeredAt: null, latencyMs: null, failure: null };
  expect(await outbox.state()).toEqual({ waiting: 0, oldestAt: null, ...silent });
  await ledger.book(order({ at: 7 }));
  await ledger.book(order({ at: 8 }));
  expect(await outbox.state()).toEqual({ waiting: 2, oldestAt: 7, ...silent });
  await outbox.take("a", 3000);
  await outbox.confirm("a", 3000, 4.5, 1);
  const heard = { answeredAt: 1_000_000, latencyMs: 4.5 };
  expect(await outbox.state()).toEqual({ waiting: 1, oldestAt: 8, ...heard, failure: null });
  await outbox.release("a", "no route");
  expect(await outbox.state()).toEqual({ waiting: 1, oldestAt: 8, ...heard, failure: "no route" });
  await outbox.take("b", 3000);
  expect((await outbox.state()).failure).toBe("no route");
  await outbox.confirm("b", 3000, 4.5);
  expect((await outbox.state()).failure).toBeNull();
});

test("with a relay nothing is pruned before it was drained, from the first event on", async () => {
  const ledger = await open();
  await sell(ledger, KEEP_EVENTS + 1000);
  expect((await ledger.eventWindow()).oldest).toBe(1);
  await ledger.outbox.take("a", 3000);
  await ledger.outbox.confirm("a", 3000, 1, 700);
  await sell(ledger, 500);
  expect((await ledger.eventWindow()).oldest).toBe(701);
});

test("orders whose events were pruned before there was a relay are drained all the same", async () => {
  const file = newFile();
  const alone = await open(file, false);
  await sell(alone, 300);
  await alone.reset(1);
  await alone.book(order({ orderId: "first-after-reset", quantity: 3, totalCents: 300, at: 42 }));
  await sell(alone, KEEP_EVENTS + 998);
  const { oldest, newest } = await alone.eventWindow();
  expect(oldest).toBeGreaterThan(303);
  await alone.close();

  const { outbox } = await open(file);
  const rows = await outbox.undrained(newest);
  expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: newest - 301 }, (_, i) => 302 + i));
  expect(rows[0]).toMatchObject({ id: 302, type: "order.booked", key: "rope", at: 42 });
  expect(JSON.parse(rows[0]!.payload)).toMatchObject({
    orderId: "first-after-reset",
    sold: 3,
    totalCents: 300,
  });
});

test("without a relay nothing is held back, nor after one was switched off", async () => {
  const file = newFile();
  const before = await open(file);
  await before.close();
  const ledger = await open(file, false);
  await sell(ledger, KEEP_EVENTS + 500);
  expect((await ledger.eventWindow()).oldest).toBeGreaterThan(1);
  expect(await ledger.outbox.take("a", 3000)).toBe(false);
  expect(await ledger.outbox.state()).toMatchObject({ waiting: 0, oldestAt: null });
});

test("a database of the first version gets the lease and keeps its events", async () => {
  const file = newFile();
  const ledger = await open(file, false);
  await sell(ledger, 3);
  await ledger.close();
  const old = new DatabaseSync(file);
  old.exec(`DROP TABLE relays;
    CREATE TABLE relays (name TEXT PRIMARY KEY, drained_through INTEGER NOT NULL) WITHOUT ROWID;
    PRAGMA user_version = 1`);
  old.close();
  const { outbox } = await open(file);
  expect(await outbox.take("a", 3000)).toBe(true);
  expect(await outbox.undrained(10)).toHaveLength(3);
});

test("an order is found, and known to be published once the mark has passed it", async () => {
  const ledger = await open();
  const { outbox } = ledger;
  const sold = order({ orderId: "o-1" });
  await ledger.book(sold);
  const { quantity, totalCents, productId, at: placedAt } = sold;
  const found = { orderId: "o-1", productId, quantity, totalCents, placedAt, published: false };
  expect(await ledger.findOrder("o-1")).toEqual(found);
  await outbox.take("a", 3000);
  await outbox.confirm("a", 3000, 1, 1);
  expect(await ledger.findOrder("o-1")).toEqual({ ...found, published: true });
  expect(await ledger.findOrder("o-2")).toBeUndefined();
});
