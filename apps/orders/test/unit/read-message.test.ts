import { expect, test } from "vitest";
import { MAX_VALUE_BYTES, readMessage } from "../../src/domain/read-message.ts";
import { order, raw, reset } from "../support/messages.ts";

test.each([
  ["an order", order(7)],
  ["a reset", reset(8)],
])("%s is understood", (_, message) => {
  expect(readMessage(raw(message))).toEqual({ raw: raw(message), message });
});

test("a field that only a newer shop knows is no reason to refuse an order", () => {
  expect(readMessage(raw({ ...order(7), gift: true }))).toHaveProperty("message.eventId", 7);
});

test.each([
  ["a tombstone", null, "no-value", /no value/],
  ["text", "oops", "not-json", /not JSON/],
  ["nothing", "", "not-json", /not JSON/],
  ["bytes that are no text", Buffer.from([0xff, 0x00, 0xc3]), "not-json", /not JSON/],
  [
    "another type",
    { type: "order.cancelled" },
    "unknown-type",
    /"order\.cancelled".*order\.placed and stock\.reset/,
  ],
  ["a very long type", { type: "x".repeat(5000) }, "unknown-type", /^.{0,200}$/],
  ["no type", { orderId: "1" }, "schema", /type/],
  ["null", "null", "schema", /the whole/],
  ["a number", "1", "schema", /the whole/],
  ["no order id", { ...order(1), orderId: "1" }, "schema", /orderId/],
  ["a negative quantity", { ...order(1), quantity: -1 }, "schema", /quantity/],
  ["an event id past exact numbers", { ...order(1), eventId: 2 ** 60 }, "schema", /eventId/],
  ["half a character", { ...order(1), productId: "\ud800" }, "schema", /well-formed/],
  ["too much", { ...order(1), instanceId: "x".repeat(MAX_VALUE_BYTES) }, "oversized", /16384 are allowed/],
  ["deep nesting", "[".repeat(10_000), "not-json", /not JSON/],
])("poison: %s", (_, content, cause, reason) => {
  const letter = readMessage(raw(content));
  expect(letter).toMatchObject({ cause, reason: expect.stringMatching(reason) });
  expect(letter.raw).toEqual(raw(content));
});
