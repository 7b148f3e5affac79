import { randomUUID } from "node:crypto";
import { StockList } from "@evenkeel/contracts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { at, buy, labOk } from "./harness.ts";

async function stock(product: string): Promise<number> {
  const list = StockList.parse(await (await fetch(at("/stock"))).json());
  return list.stock.find(({ productId }) => productId === product)?.stock ?? Number.NaN;
}

describe("purchases through the door", () => {
  beforeAll(async () => void (await labOk("up")));
  beforeEach(async () => void (await labOk("reset")));
  // The last lantern is sold out; whoever comes next should find it.
  afterAll(async () => void (await labOk("reset")));

  it("sell exactly 50 of 50 units to 200 buyers at once, over both replicas", async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => buy("last-lantern")));
    const sold = answers.filter(({ status }) => status === 201);
    expect(sold).toHaveLength(50);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(150);
    expect(new Set(sold.map(({ body }) => body.orderId)).size).toBe(50);
    expect(new Set(sold.map(({ instance }) => instance))).toEqual(new Set(["1", "2"]));
    expect(await stock("last-lantern")).toBe(0);
  });

  it("sell once for one key, however often and wherever it arrives", async () => {
    const before = await stock("spyglass");
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => buy("spyglass", 2, key)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => body.orderId)).size).toBe(1);
    expect(new Set(answers.map(({ instance }) => instance))).toEqual(new Set(["1", "2"]));
    expect(await stock("spyglass")).toBe(before - 2);
    expect((await buy("spyglass", 3, key)).status).toBe(409);
  });

  it("survive a reset: stock is back, event ids never go back", async () => {
    const first = await buy("sea-chart");
    await labOk("reset");
    expect(await stock("sea-chart")).toBe(500);
    expect(Number((await buy("sea-chart")).body.eventId)).toBeGreaterThan(Number(first.body.eventId));
  });

  it.each([
    ["unknown product", { productId: "kraken", quantity: 1 }, 404],
    ["unknown field", { productId: "spyglass", quantity: 1, discount: 1 }, 400],
    ["half a unit", { productId: "spyglass", quantity: 0.5 }, 400],
    ["less than none", { productId: "spyglass", quantity: -1 }, 400],
  ])("are refused for an %s", async (_, body, status) => {
    const response = await fetch(at("/purchase"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toContain("application/problem+json");
    expect(await response.text()).not.toMatch(/\bat .*\.ts:\d/);
  });
});
