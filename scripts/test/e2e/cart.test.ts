import { CartResponse } from "@evenkeel/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, labOk } from "./harness.ts";

/** How many lines the same browser's cart has, asked eight times in a row after one was put in. */
async function cartSizes(): Promise<number[]> {
  const jar = new Map<string, string>();
  const ask = async (init: RequestInit = {}) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(at("/cart"), {
      ...init,
      // A new connection each time: a kept one may still hang on an nginx worker with the strategy before.
      headers: { "content-type": "application/json", connection: "close", ...(cookie ? { cookie } : {}) },
    });
    for (const set of response.headers.getSetCookie()) {
      const [pair = ""] = set.split(";");
      jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    return CartResponse.parse(await response.json()).items.length;
  };
  await ask({ method: "PUT", body: JSON.stringify({ productId: "spyglass", quantity: 1 }) });
  const sizes: number[] = [];
  for (let i = 0; i < 8; i++) sizes.push(await ask());
  return sizes;
}

describe("a cart", () => {
  beforeAll(async () => void (await labOk("up")));
  afterAll(async () => void (await labOk("up")));

  it("kept in Redis is the same on every replica", async () => {
    expect(await cartSizes()).toEqual(Array(8).fill(1));
  });

  it("kept in a replica's memory is there every other time under round robin, and always with a sticky cookie", async () => {
    await labOk("up", [], { LAB_CART: "memory" });
    const sizes = await cartSizes();
    expect(sizes.filter((size) => size === 1)).toHaveLength(4);
    expect(sizes.filter((size) => size === 0)).toHaveLength(4);
    await labOk("strategy", ["sticky-cookie"]);
    expect(await cartSizes()).toEqual(Array(8).fill(1));
  });
});
