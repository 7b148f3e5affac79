import { createRequire } from "node:module";

/** The part of kafkajs' inner queue that is corrected here. */
interface RequestQueue {
  pending: unknown[];
  throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

const require = createRequire(import.meta.url);

/**
 * Lets idle connections rest. After every answer kafkajs 2.2.4 sets a timer to look at requests that wait, also when
 * none does; the timer's time then lies in the past, so it comes back a millisecond later, for ever: some 5 % of a
 * core for each connection, and a TimeoutNegativeWarning. Corrected on its main branch, which was never released
 * (src/network/requestQueue/index.js). With nothing waiting there is nothing to look at: whatever is put into the
 * queue later schedules its own look.
 */
export function restWhenIdle(): void {
  const Queue = require("kafkajs/src/network/requestQueue") as { prototype: RequestQueue };
  const schedule = Queue.prototype.scheduleCheckPendingRequests;
  Queue.prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}
