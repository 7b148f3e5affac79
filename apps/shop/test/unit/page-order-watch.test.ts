import type { OrderState } from "@evenkeel/contracts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Reply } from "../../public/ask.ts";
import { DEADLINE_MS, FIRST_ASK_MS, OrderWatch, type Way } from "../../public/order-watch.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const receipt = { orderId: "o", eventId: 7 };
const order = { orderId: "o", productId: "rope", quantity: 1, totalCents: 1, placedAt: 1000 };
const unbooked = { bookedAt: null, bookedBy: null };

function watch(answer: () => Partial<OrderState> | number) {
  const asked: string[] = [];
  const orders = new OrderWatch(async (orderId) => {
    asked.push(orderId);
    const given = answer();
    if (typeof given === "number") return { ok: false, answer: { status: given } } as Reply<OrderState>;
    return { ok: true, body: { ...order, ...unbooked, books: "up", ...given } } as Reply<OrderState>;
  });
  const ways: Way[] = [];
  return { orders, asked, ways, show: (way: Way) => void ways.push(way) };
}

test("the stream tells both times: booked without asking", async () => {
  const t = watch(() => 500);
  t.orders.follow(receipt, t.show);
  t.orders.noteSale({ id: 7, at: 1000 });
  t.orders.noteBooked({ orderIds: ["x", "o"], bookedBy: "2", at: 1084 });
  expect(t.ways).toEqual([{ step: "placed" }, { step: "booked", bookedBy: "2", ms: 84 }]);
  await vi.advanceTimersByTimeAsync(DEADLINE_MS);
  expect(t.asked).toEqual([]);
});

test("a booking that overtook the answer to the purchase is remembered", () => {
  const t = watch(() => 500);
  t.orders.noteSale({ id: 7, at: 1000 });
  t.orders.noteBooked({ orderIds: ["o"], bookedBy: "1", at: 1001 });
  t.orders.follow(receipt, t.show);
  expect(t.ways.at(-1)).toEqual({ step: "booked", bookedBy: "1", ms: 1 });
});

test("a stream that missed the sale, or everything: the order is asked for", async () => {
  const booked = { state: "booked", bookedAt: 1200, bookedBy: "1" } as const;
  const t = watch(() => booked);
  t.orders.follow(receipt, t.show);
  t.orders.noteBooked({ orderIds: ["o"], bookedBy: "1", at: 1200 });
  await vi.advanceTimersByTimeAsync(0);
  expect(t.ways.at(-1)).toEqual({ step: "booked", bookedBy: "1", ms: 200 });

  const silent = watch(() => booked);
  silent.orders.follow(receipt, silent.show);
  await vi.advanceTimersByTimeAsync(FIRST_ASK_MS);
  expect(silent.ways.at(-1)).toEqual({ step: "booked", bookedBy: "1", ms: 200 });
});

test("Kafka away: it says so, gives up asking at the deadline, and still hears the stream", async () => {
  const t = watch(() => ({ state: "placed" }));
  t.orders.follow(receipt, t.show);
  await vi.advanceTimersByTimeAsync(FIRST_ASK_MS);
  expect(t.ways).toEqual([{ step: "placed" }, { step: "waiting" }]);
  await vi.advanceTimersByTimeAsync(DEADLINE_MS + 10_000);
  expect(t.ways.at(-1)).toEqual({ step: "unanswered", last: "waiting" });
  const asked = t.asked.length;
  expect(asked).toBeLessThan(25);
  await vi.advanceTimersByTimeAsync(DEADLINE_MS);
  expect(t.asked).toHaveLength(asked);
  t.orders.noteSale({ id: 7, at: 1000 });
  t.orders.noteBooked({ orderIds: ["o"], bookedBy: "1", at: 91_000 });
  expect(t.ways.at(-1)).toEqual({ step: "booked", bookedBy: "1", ms: 90_000 });
});

test("published, with books that do not answer; forgotten after a reset; a failed question changes nothing", async () => {
  const answers: (Partial<OrderState> | number)[] = [{ state: "published", books: "down" }, 503, 404];
  const t = watch(() => answers.shift() ?? 0);
  t.orders.follow(receipt, t.show);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(t.ways).toEqual([{ step: "placed" }, { step: "published", books: "down" }, { step: "forgotten" }]);
  expect(t.asked).toHaveLength(3);
});
