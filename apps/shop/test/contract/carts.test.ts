import { CART_COOKIE, CartResponse } from "@evenkeel/contracts";
import { expect, test } from "vitest";
import { type Running, shared, startReplica } from "../support/replica.ts";
import { until } from "../support/until.ts";

async function cart(replica: Running, cookie?: string, item?: unknown, method = item ? "PUT" : "GET") {
  const headers = { ...(cookie ? { cookie } : {}), ...(item ? { "content-type": "application/json" } : {}) };
  const response = await replica.fetch("/cart", {
    method,
    headers,
    ...(item ? { body: JSON.stringify(item) } : {}),
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("cache-control")).toBe("no-store");
  const set = response.headers.get("set-cookie") ?? undefined;
  return { set, cookie: set?.split(";", 1)[0], body: CartResponse.parse(await response.json()) };
}

test("a cart in memory is known to one replica only: that is what stickiness is for", async () => {
  const on = shared();
  const a = await startReplica(on, { instanceId: "1" });
  const b = await startReplica(on, { instanceId: "2" });
  expect((await cart(a)).set).toBeUndefined();
  const { set, cookie } = await cart(a, undefined, { productId: "spyglass", quantity: 2 });
  expect(set).toMatch(
    new RegExp(`^${CART_COOKIE}=[\\w-]{36}; Max-Age=86400; Path=/; .*HttpOnly; SameSite=Lax$`),
  );
  expect((await cart(a, cookie)).body).toEqual({
    store: "memory",
    instanceId: "1",
    items: [{ productId: "spyglass", quantity: 2 }],
  });
  expect((await cart(b, cookie)).body).toEqual({ store: "memory", instanceId: "2", items: [] });
});

test("a cart in Redis is known to all replicas", async () => {
  const on = shared();
  const a = await startReplica(on, { instanceId: "1", cartStore: "redis" });
  const b = await startReplica(on, { instanceId: "2", cartStore: "redis" });
  for (const replica of [a, b]) {
    await until(
      "Redis",
      async () =>
        (await replica.fetch("/cart", { headers: { cookie: `${CART_COOKIE}=${"0".repeat(20)}` } })).status ===
        200,
    );
  }
  const { cookie } = await cart(a, undefined, { productId: "spyglass", quantity: 2 });
  await cart(b, cookie, { productId: "hemp-rope", quantity: 1 });
  const { body, cookie: same } = await cart(b, cookie, { productId: "spyglass", quantity: 7 });
  expect(same).toBe(cookie);
  const items = [
    { productId: "spyglass", quantity: 7 },
    { productId: "hemp-rope", quantity: 1 },
  ];
  expect(body).toEqual({ store: "redis", instanceId: "2", items });
  expect((await cart(a, cookie)).body.items).toEqual(items);
  expect((await cart(a, cookie, undefined, "DELETE")).body.items).toEqual([]);
  expect((await cart(b, cookie)).body.items).toEqual([]);
});

test("a cookie that is none of ours is not believed", async () => {
  const replica = await startReplica(shared());
  const bad = `${CART_COOKIE}=../../x; other=1`;
  const { cookie } = await cart(replica, bad, { productId: "spyglass", quantity: 1 });
  expect(cookie).toMatch(new RegExp(`^${CART_COOKIE}=[\\w-]{36}$`));
});
