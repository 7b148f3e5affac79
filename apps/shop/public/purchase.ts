import type { PurchaseRequest, PurchaseResponse } from "@evenkeel/contracts";
import { ask, type Reply } from "./ask.ts";

const RETRIES = 3;
const FIRST_PAUSE_MS = 250;

/** Keys of orders whose fate is unknown. Ordering the same again repeats the key, so it cannot sell twice. */
const unsettled = new Map<string, string>();

/** Buys once: repeats with the same key while no answer comes. Never rejects. */
export async function purchase(order: PurchaseRequest): Promise<Reply<PurchaseResponse>> {
  const name = `${order.productId} × ${order.quantity}`;
  const idempotencyKey = unsettled.get(name) ?? newKey();
  for (let attempt = 0; ; attempt += 1) {
    const reply = await ask<PurchaseResponse>("/purchase", { method: "POST", body: order, idempotencyKey });
    if (reply.ok || !reply.retryable) {
      unsettled.delete(name);
      return reply;
    }
    if (attempt === RETRIES) {
      unsettled.set(name, idempotencyKey);
      return {
        ...reply,
        sentence: `${reply.sentence} Asked ${RETRIES + 1} times. Buying again is safe: it repeats this order.`,
      };
    }
    await pause(FIRST_PAUSE_MS * 2 ** attempt);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** `crypto.randomUUID` exists on HTTPS and localhost only, but the lab may be bound to another address. */
function newKey(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
