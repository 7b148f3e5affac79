import { ORDERS_TOPIC } from "@evenkeel/contracts";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { buy, labOk } from "./harness.ts";
import { buyAll, deleteRow, insertRow, produce, reconcile } from "./order-flow.ts";

describe("the reconciliation goes red, by id", () => {
  beforeAll(async () => void (await labOk("up")));
  beforeEach(async () => void (await labOk("reset")));
  // A deleted row leaves nothing that a reset would not put right.
  afterEach(async () => void (await labOk("reset")));

  it("when a row is deleted from the books, and green when it is back", async () => {
    const [, victim = ""] = await buyAll("sea-chart", 3);
    expect((await reconcile()).exitCode).toBe(0);
    const [row] = await deleteRow("orders", "bookings", victim);
    // All of it is waited when the victim happens to be the newest order: then its booking may still come.
    const red = await reconcile(undefined, 20);
    expect(red.exitCode).toBe(1);
    expect(red.said.differences).toMatchObject([{ kind: "not booked", id: victim }]);
    await insertRow("orders", "bookings", row ?? {});
    expect((await reconcile()).exitCode).toBe(0);
  });

  it("when a row is deleted from the shop's database", async () => {
    const [, victim = ""] = await buyAll("sea-chart", 3);
    await deleteRow("app", "orders", victim);
    const red = await reconcile({ acknowledged: new Map([["key", victim]]), unknown: 0 });
    expect(red.exitCode).toBe(1);
    expect(red.said.differences).toMatchObject([
      { kind: "stock", id: "sea-chart" },
      { kind: "acknowledged", id: victim },
      { kind: "not in the database", id: victim },
    ]);
  });

  it("when somebody forges an order in Kafka", async () => {
    const orderId = crypto.randomUUID();
    const { eventId } = (await buy("sea-chart")).body;
    const forged = { type: "order.placed", orderId, eventId, productId: "sea-chart", quantity: 1 };
    await produce(ORDERS_TOPIC.name, {
      key: "sea-chart",
      value: JSON.stringify({ ...forged, totalCents: 1, instanceId: "1", at: Date.now() }),
    });
    const red = await reconcile();
    expect(red.exitCode).toBe(1);
    expect(red.said.differences).toMatchObject([{ kind: "not in the database", id: orderId }]);
  });
});
