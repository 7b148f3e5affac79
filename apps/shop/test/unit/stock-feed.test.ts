import type { StockEvent } from "@evenkeel/contracts";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { BusListener, BusState, EventBus, Ledger } from "../../src/domain/ports.ts";
import { READ_BATCH, StockFeed } from "../../src/domain/stock-feed.ts";

const event = (id: number): StockEvent => ({
  id,
  productId: "rope",
  stock: 1,
  sold: 1,
  instanceId: "1",
  at: id,
});
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function startFeed(existing = 3) {
  const rows = range(1, existing).map(event);
  const heard: (number | string)[] = [];
  const told: unknown[] = [];
  let reads = 0;
  let broken = false;
  const ledger = {
    eventWindow: async () => {
      if (broken) throw new Error("database away");
      return { oldest: rows[0]?.id ?? 1, newest: rows.at(-1)?.id ?? 0 };
    },
    eventsAfter: async (id: number, limit: number) => {
      reads++;
      if (broken) throw new Error("database away");
      return rows.filter((row) => row.id > id).slice(0, limit);
    },
  } as Partial<Ledger> as Ledger;
  let listener: BusListener | undefined;
  const bus = {
    state: "up" as BusState,
    listen: (given: BusListener) => {
      listener = given;
    },
  };
  const feed = new StockFeed({
    ledger,
    bus: bus as Partial<EventBus> as EventBus,
    onLedger: (state, reason) => told.push(state === "up" ? state : reason),
  });
  await feed.start({
    onEvent: ({ id }) => heard.push(id),
    onResync: () => heard.push("resync"),
    onState: (state) => heard.push(state),
  });
  await vi.advanceTimersByTimeAsync(0);
  onTestFinished(() => feed.stop());
  return {
    feed,
    rows,
    heard,
    told,
    ledger,
    reads: () => reads,
    breakLedger: (value: boolean) => {
      broken = value;
    },
    commit: (...ids: number[]) => rows.push(...ids.map(event)),
    message: (id: number) => listener?.onEvent(event(id)),
    sale: (id: number) => {
      rows.push(event(id));
      feed.offer(event(id));
    },
    state: (state: BusState) => {
      bus.state = state;
      listener?.onState(state);
    },
    /** Lets reads end; the fake clock moves on with each turn of the event loop. */
    settle: () => vi.advanceTimersByTimeAsync(10),
  };
}

test("it starts behind what exists, and passes an own sale on without asking the ledger", async () => {
  const t = await startFeed(3);
  const before = t.reads();
  t.sale(4);
  t.sale(5);
  expect(t.heard).toEqual([4, 5]);
  // What comes back over the bus is known already.
  t.message(4);
  t.message(5);
  expect(t.reads()).toBe(before);
});

test("a message makes it read the ledger, at once and once", async () => {
  const t = await startFeed(3);
  const before = t.reads();
  t.commit(4);
  t.message(4);
  await t.settle();
  expect(t.heard).toEqual([4]);
  expect(t.reads()).toBe(before + 1);
});

test("repeats and old messages are dropped", async () => {
  const t = await startFeed(3);
  t.commit(4, 5);
  for (const id of [4, 4, 2, 5, 4]) t.message(id);
  await t.settle();
  t.message(5);
  await t.settle();
  expect(t.heard).toEqual([4, 5]);
});

test("a message about what is not in the ledger is not passed on and does not hide what comes", async () => {
  const t = await startFeed(3);
  t.message(4);
  t.message(5);
  t.message(900_000_000_000_000);
  await t.settle();
  expect([t.heard, t.feed.last]).toEqual([[], 3]);
  t.sale(4);
  t.commit(5);
  t.message(5);
  await t.settle();
  expect(t.heard).toEqual([4, 5]);
});

test("a gap is filled from the ledger, in order", async () => {
  const t = await startFeed(3);
  t.commit(4, 5, 6, 7);
  t.message(7);
  t.message(6);
  await t.settle();
  t.message(5);
  t.sale(8);
  expect(t.heard).toEqual([4, 5, 6, 7, 8]);
});

test("messages that overtake the read are neither lost nor repeated", async () => {
  const t = await startFeed(0);
  t.commit(1, 2, 3);
  t.message(3);
  t.message(1);
  t.commit(4, 5);
  t.message(5);
  await t.settle();
  expect(t.heard).toEqual([1, 2, 3, 4, 5]);
});

test("more than one batch is read to its end", async () => {
  const t = await startFeed(0);
  const all = range(1, 2 * READ_BATCH + 7);
  t.commit(...all);
  t.message(all.length);
  await t.settle();
  expect(t.heard).toEqual(all);
});

test("between two batches the event loop turns, or streams could not send the first", async () => {
  const t = await startFeed(0);
  t.commit(...range(1, 3 * READ_BATCH));
  const heardPerTurn: number[] = [];
  const turn = () => {
    heardPerTurn.push(t.heard.length);
    if (t.heard.length < 3 * READ_BATCH) setImmediate(turn);
  };
  setImmediate(turn);
  t.message(3 * READ_BATCH);
  await t.settle();
  expect(heardPerTurn.slice(0, 3)).toEqual([1, 2, 3].map((batches) => batches * READ_BATCH));
});

test("a message that never came is found by the sweep", async () => {
  const t = await startFeed(3);
  t.commit(4);
  await vi.advanceTimersByTimeAsync(1900);
  expect(t.heard).toEqual([]);
  await vi.advanceTimersByTimeAsync(200);
  expect(t.heard).toEqual([4]);
});

test("while the bus is away the ledger is polled fast; its return catches up at once", async () => {
  const t = await startFeed(3);
  t.state("down");
  await t.settle();
  t.commit(4);
  await vi.advanceTimersByTimeAsync(300);
  t.commit(5);
  t.state("up");
  await t.settle();
  expect(t.heard).toEqual(["down", 4, "up", 5]);
});

test("a ledger that fails is asked again and again, and reported once per change", async () => {
  const t = await startFeed(3);
  const before = t.reads();
  t.breakLedger(true);
  t.commit(4, 5);
  t.message(5);
  await vi.advanceTimersByTimeAsync(10_500);
  expect(t.reads() - before).toBeGreaterThan(5);
  expect(t.told).toEqual([new Error("database away")]);
  expect([t.heard, t.feed.ledgerState]).toEqual([[], "down"]);
  t.breakLedger(false);
  await vi.advanceTimersByTimeAsync(2000);
  expect(t.heard).toEqual([4, 5]);
  expect(t.told.slice(1)).toEqual(["up"]);
});

test("who asks for a read gets its end, also when one is under way", async () => {
  const t = await startFeed(3);
  t.commit(4);
  t.message(4);
  const both = Promise.all([t.feed.catchUp(), t.feed.catchUp()]);
  await t.settle();
  await both;
  expect(t.heard).toEqual([4]);
});

test("what is pruned between two batches means a fresh start, not a silent gap", async () => {
  const t = await startFeed(0);
  t.commit(...range(1, 3 * READ_BATCH));
  const { eventsAfter } = t.ledger;
  t.ledger.eventsAfter = async (id, limit) => {
    const rows = await eventsAfter(id, limit);
    if (id === 0) t.rows.splice(0, 2 * READ_BATCH);
    return rows;
  };
  t.message(3 * READ_BATCH);
  await t.settle();
  expect(t.heard).toEqual([...range(1, READ_BATCH), "resync"]);
  t.sale(3 * READ_BATCH + 1);
  expect(t.heard.at(-1)).toBe(3 * READ_BATCH + 1);
});

test("events that were pruned away, or a database that went back, mean a fresh start", async () => {
  const t = await startFeed(3);
  t.rows.length = 0;
  t.commit(9, 10);
  t.message(10);
  await t.settle();
  expect(t.heard).toEqual(["resync"]);
  t.sale(11);
  t.rows.length = 0;
  t.commit(1);
  await vi.advanceTimersByTimeAsync(2000);
  t.sale(2);
  expect(t.heard).toEqual(["resync", 11, "resync", 2]);
});
