import { Product } from "@evenkeel/contracts";
import { expect, test } from "vitest";
import { catalogue, findProduct } from "../../src/domain/catalogue.ts";

test("every product fits its contract, with a kebab-case id of its own", () => {
  for (const { initialStock, ...product } of catalogue) {
    expect(Product.parse(product).id).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(initialStock).toBe(product.id === "last-lantern" ? 50 : 500);
  }
  expect(new Set(catalogue.map(({ id }) => id)).size).toBe(catalogue.length);
});

test("a product is found by its id and by nothing else", () => {
  expect(findProduct("spyglass")?.name).toBe("Spyglass");
  expect(findProduct("__proto__")).toBeUndefined();
});
