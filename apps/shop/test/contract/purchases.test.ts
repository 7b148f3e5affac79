import { PurchaseResponse } from "@evenkeel/contracts";
import { expect, test } from "vitest";
import { shared, startReplica } from "../support/replica.ts";

async function twoReplicas() {
  const on = shared();
  return [await startReplica(on, { instanceId: "1" }), await startReplica(on, { instanceId: "2" })] as const;
}

test("200 buyers of 50 lanterns over two replicas: exactly 50 sold", async () => {
  const [a, b] = await twoReplicas();
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? a : b).buy("last-lantern", 1, `buyer-${i}`)),
  );
  const sold = answers.filter(({ status }) => status === 201);
  expect(sold).toHaveLength(50);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(150);
  const receipts = await Promise.all(sold.map(async (answer) => PurchaseResponse.parse(await answer.json())));
  expect(receipts.map(({ stock }) => stock).sort((x, y) => x - y)).toEqual(
    Array.from({ length: 50 }, (_, i) => i),
  );
  expect(new Set(receipts.map(({ eventId }) => eventId)).size).toBe(50);
  const { stock } = await b.ledger.stock();
  expect(stock.find(({ productId }) => productId === "last-lantern")?.stock).toBe(0);
});

test("the same key is the same order, on any replica", async () => {
  const [a, b] = await twoReplicas();
  const first = await a.buy("spyglass", 2, "key-1");
  const again = await b.buy("spyglass", 2, "key-1");
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(first.headers.get("idempotency-replayed")).toBeNull();
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(await again.json()).toEqual(await first.json());
  expect((await b.buy("spyglass", 3, "key-1")).status).toBe(409);
  expect((await b.buy("hemp-rope", 2, "key-1")).status).toBe(409);
  expect((await a.ledger.stock()).lastEventId).toBe(1);
});

test("the same key at the same moment on both replicas sells once", async () => {
  const [a, b] = await twoReplicas();
  for (let round = 1; round <= 10; round++) {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? a : b).buy("sea-chart", 1, `round-${round}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
    expect(answers.filter(({ headers }) => !headers.has("idempotency-replayed"))).toHaveLength(1);
    const bodies = await Promise.all(answers.map((answer) => answer.text()));
    expect(new Set(bodies).size).toBe(1);
    expect((await a.ledger.stock()).lastEventId).toBe(round);
  }
});

test("without a key every request is an order of its own", async () => {
  const [a] = await twoReplicas();
  await a.buy("spyglass", 1);
  await a.buy("spyglass", 1);
  expect((await a.ledger.stock()).lastEventId).toBe(2);
});
