import { expect, test } from "vitest";
import { MemoryCarts } from "../../src/adapters/memory-carts.ts";

test("a line is added, replaced and cleared", async () => {
  const carts = new MemoryCarts();
  await carts.put("a", { productId: "spyglass", quantity: 1 });
  await carts.put("a", { productId: "hemp-rope", quantity: 2 });
  expect(await carts.put("a", { productId: "spyglass", quantity: 5 })).toEqual([
    { productId: "spyglass", quantity: 5 },
    { productId: "hemp-rope", quantity: 2 },
  ]);
  await carts.clear("a");
  expect(await carts.get("a")).toEqual([]);
});

test("the cart that was not used for the longest time makes room", async () => {
  const carts = new MemoryCarts(2);
  const item = { productId: "spyglass", quantity: 1 };
  await carts.put("a", item);
  await carts.put("b", item);
  await carts.get("a");
  await carts.put("c", item);
  expect(await carts.get("b")).toEqual([]);
  expect(await carts.get("a")).toEqual([item]);
  expect(await carts.get("c")).toEqual([item]);
});
