import { createRequire } from "node:module";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { restWhenIdle } from "../src/kafka-idle.ts";

/** kafkajs' own queue of one connection, as much of it as is used here. */
interface Queue {
  pending: unknown[];
  push(request: { entry: object; expectResponse: boolean; sendRequest: () => void }): void;
  fulfillRequest(response: { correlationId: number; payload: null; size: number }): void;
  maybeThrottle(ms: number): void;
}
type QueueClass = new (options: object) => Queue;

const PATH = "kafkajs/src/network/requestQueue";
const require = createRequire(import.meta.url);

beforeEach(() => {
  vi.useFakeTimers();
  // Each test has a class of its own that nobody has corrected yet.
  delete require.cache[require.resolve(PATH)];
});
afterEach(() => void vi.useRealTimers());

function connection(maxInFlightRequests = 10) {
  const logger = { debug: () => {}, warn: () => {} };
  const queue = new (require(PATH) as QueueClass)({ maxInFlightRequests, requestTimeout: 1000, logger });
  const sent: number[] = [];
  const ask = (correlationId: number) =>
    queue.push({
      entry: { correlationId, resolve: () => {}, reject: () => {} },
      expectResponse: true,
      sendRequest: () => sent.push(correlationId),
    });
  const answer = (correlationId: number) => queue.fulfillRequest({ correlationId, payload: null, size: 0 });
  return { queue, sent, ask, answer };
}

test("a connection with nothing to send sets no timer", () => {
  restWhenIdle();
  const { sent, ask, answer } = connection();
  for (const id of [1, 2, 3]) {
    ask(id);
    answer(id);
  }
  expect([sent, vi.getTimerCount()]).toEqual([[1, 2, 3], 0]);
});

test("as kafkajs is, it looks again each millisecond, for ever: the reason for all this", () => {
  const { queue, ask, answer } = connection();
  const looked = vi.spyOn(queue as unknown as { checkPendingRequests(): void }, "checkPendingRequests");
  ask(1);
  answer(1);
  vi.advanceTimersByTime(1000);
  expect(looked.mock.calls.length).toBeGreaterThan(500);
  expect(vi.getTimerCount()).toBe(1);
});

test("a request that was put off by the broker goes out when its time has come", () => {
  restWhenIdle();
  const { queue, sent, ask, answer } = connection();
  queue.maybeThrottle(500);
  ask(1);
  vi.advanceTimersByTime(499);
  expect(sent).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(sent).toEqual([1]);
  answer(1);
  expect(vi.getTimerCount()).toBe(0);
});

test("a request behind too many others goes out with an answer to one of them, or after being looked at", () => {
  restWhenIdle();
  const { queue, sent, ask, answer } = connection(1);
  ask(1);
  ask(2);
  ask(3);
  expect([sent, queue.pending.length, vi.getTimerCount()]).toEqual([[1], 2, 1]);
  answer(1);
  expect(sent).toEqual([1, 2]);
  vi.advanceTimersByTime(1000);
  expect([sent, vi.getTimerCount()]).toEqual([[1, 2], 1]);
  answer(2);
  answer(3);
  vi.advanceTimersByTime(1000);
  expect([sent, vi.getTimerCount()]).toEqual([[1, 2, 3], 0]);
});
