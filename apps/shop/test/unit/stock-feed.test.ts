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
  const errors: unknown[] = [];
  let reads = 0;
  let broken = false;
  const ledger = {
    eventWindow: async () => {
      reads++;
      if (broken) throw new Error("database away");
      return { oldest: rows[0]?.id ?? 1, newest: rows.at(-1)?.id ?? 0 };
    },
    eventsAfter: async (id: number, limit: number) => rows.filter((row) => row.id > id).slice(0, limit),
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
    onError: (error) => errors.push(error),
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
    errors,
    reads: () => reads,
    breakLedger: (value: boolean) => {
      broken = value;
    },
    commit: (...ids: number[]) => rows.push(...ids.map(event)),
    message: (id: number) => listener?.onEvent(event(id)),
    state: (state: BusState) => {
      bus.state = state;
      listener?.onState(state);
    },
    settle: () => vi.advanceTimersByTimeAsync(0),
  };
}

test("it starts behind what exists, and passes the next id on without asking the ledger", async () => {
  const t = await startFeed(3);
  const before = t.reads();
  t.message(4);
  t.message(5);
  expect(t.heard).toEqual([4, 5]);
  expect(t.reads()).toBe(before);
});

test("repeats and old messages are dropped", async () => {
  const t = await startFeed(3);
  for (const id of [4, 4, 2, 5, 4]) t.message(id);
  expect(t.heard).toEqual([4, 5]);
});

test("a gap is filled from the ledger, in order", async () => {
  const t = await startFeed(3);
  t.commit(4, 5, 6, 7);
  t.message(7);
  t.message(6);
  await t.settle();
  t.message(5);
  t.message(8);
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

test("a ledger that fails is reported and asked again", async () => {
  const t = await startFeed(3);
  t.breakLedger(true);
  t.commit(4, 5);
  t.message(5);
  await t.settle();
  expect(t.errors).toHaveLength(1);
  expect(t.heard).toEqual([]);
  t.breakLedger(false);
  await vi.advanceTimersByTimeAsync(2000);
  expect(t.heard).toEqual([4, 5]);
});

test("events that were pruned away, or a database that went back, mean a fresh start", async () => {
  const t = await startFeed(3);
  t.rows.length = 0;
  t.commit(9, 10);
  t.message(10);
  await t.settle();
  expect(t.heard).toEqual(["resync"]);
  t.message(11);
  t.rows.length = 0;
  t.commit(1);
  await vi.advanceTimersByTimeAsync(2000);
  t.message(2);
  expect(t.heard).toEqual(["resync", 11, "resync", 2]);
});
