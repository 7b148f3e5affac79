import { describe, expect, it } from "vitest";
import { CartRequest, IdempotencyKey, MAX_QUANTITY, PurchaseRequest, StockEvent } from "../src/index.ts";

const accepts = (schema: { safeParse: (value: unknown) => { success: boolean } }, value: unknown) =>
  schema.safeParse(value).success;

describe("a purchase request", () => {
  const good = { productId: "spyglass", quantity: 1 };
  it("is accepted up to the largest order", () => {
    expect(accepts(PurchaseRequest, good)).toBe(true);
    expect(accepts(PurchaseRequest, { ...good, quantity: MAX_QUANTITY })).toBe(true);
  });
  it.each([
    ["an unknown field", { ...good, discount: 1 }],
    ["no product", { quantity: 1 }],
    ["an empty product", { ...good, productId: "" }],
    ["a product name of 65 characters", { ...good, productId: "x".repeat(65) }],
    ["no units", { ...good, quantity: 0 }],
    ["half a unit", { ...good, quantity: 0.5 }],
    ["more than one order may take", { ...good, quantity: MAX_QUANTITY + 1 }],
    ["a number as text", { ...good, quantity: "1" }],
    ["nothing", null],
  ])("is refused with %s", (_, value) => {
    expect(accepts(PurchaseRequest, value)).toBe(false);
    expect(accepts(CartRequest, value)).toBe(false);
  });
});

describe("an idempotency key", () => {
  it.each(["a", "3f6c0d1e-8c9b-4f0e-9d57-6f6a5b1c2d3e", "~".repeat(128)])("may be %s", (key) =>
    expect(accepts(IdempotencyKey, key)).toBe(true),
  );
  it.each(["", "with space", "line\nbreak", "ümlaut", "x".repeat(129)])("may not be %j", (key) =>
    expect(accepts(IdempotencyKey, key)).toBe(false),
  );
});

describe("a stock event", () => {
  const good = { id: 1, productId: "spyglass", stock: 0, sold: 1, instanceId: "2", at: 0 };
  it("is accepted when the last unit was sold", () => expect(accepts(StockEvent, good)).toBe(true));
  it("is refused when stock is below zero", () =>
    expect(accepts(StockEvent, { ...good, stock: -1 })).toBe(false));
  it("is refused without an id to continue from", () =>
    expect(accepts(StockEvent, { ...good, id: 0 })).toBe(false));
});
