import { expect, test } from "vitest";
import type { RelayState } from "../../src/domain/ports.ts";
import { describeRelay, kafkaUp } from "../../src/domain/relay-state.ts";

const NOW = 1_000_000;
const calm: RelayState = { waiting: 0, oldestAt: null, answeredAt: NOW - 900, latencyMs: 3, failure: null };

test.each<[string, Partial<RelayState>, boolean | undefined, string]>([
  ["all is well", {}, true, "Nothing waits in the outbox."],
  [
    "a sale is on its way",
    { waiting: 1, oldestAt: NOW - 20 },
    true,
    "1 event waits in the outbox, the oldest for 0 s.",
  ],
  [
    "Kafka refuses",
    { waiting: 12, oldestAt: NOW - 34_000, failure: "connect ECONNREFUSED." },
    false,
    "Kafka is away: connect ECONNREFUSED. 12 events wait in the outbox, the oldest for 34 s.",
  ],
  [
    "nobody tried yet",
    { answeredAt: null },
    undefined,
    "Kafka was not reached yet. Nothing waits in the outbox.",
  ],
  [
    "whoever talked to Kafka is silent, and nobody took over",
    { answeredAt: NOW - 61_000 },
    false,
    "Kafka was last heard of 61 s ago. Nothing waits in the outbox.",
  ],
  [
    "another process's clock is ahead",
    { waiting: 2, oldestAt: NOW + 5, answeredAt: NOW + 5 },
    true,
    "2 events wait in the outbox, the oldest for 0 s.",
  ],
])("%s", (_case, fields, up, words) => {
  const state = { ...calm, ...fields };
  expect(kafkaUp(state, NOW)).toBe(up);
  expect(describeRelay(state, NOW)).toBe(words);
});
