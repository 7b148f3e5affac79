import type { PurchaseRequest } from "@evenkeel/contracts";

/** One step of a customer. */
export interface TrafficStep {
  /** `browse`, `stock`, `purchase`, `cart` */
  kind: string;
  method: "GET" | "POST" | "PUT";
  path: string;
  body?: PurchaseRequest;
}

/** Share of each kind: people look far more often than they buy. */
const WEIGHTS = [
  ["browse", 45],
  ["page", 10],
  ["stock", 30],
  ["cart", 5],
  ["purchase", 10],
] as const;
const TOTAL = WEIGHTS.reduce((sum, [, weight]) => sum + weight, 0);

/**
 * The next step of the mix. The same seed gives the same sequence of steps.
 * @param random Numbers from 0 (included) to 1 (excluded).
 * @param products Ids that may be bought.
 */
export function nextStep(random: () => number, products: string[]): TrafficStep {
  const kind = pick(random() * TOTAL);
  if (kind === "browse") return { kind, method: "GET", path: "/products" };
  if (kind === "page") return { kind, method: "GET", path: "/shop" };
  if (kind === "stock") return { kind, method: "GET", path: "/stock" };
  const productId = products[Math.floor(random() * products.length)] ?? "";
  const quantity = 1 + Math.floor(random() * 3);
  if (kind === "cart") return { kind, method: "PUT", path: "/cart", body: { productId, quantity } };
  return { kind, method: "POST", path: "/purchase", body: { productId, quantity } };
}

/** The kind whose stretch of the weights, laid end to end, holds this number. */
function pick(draw: number): (typeof WEIGHTS)[number][0] {
  let end = 0;
  for (const [kind, weight] of WEIGHTS) {
    end += weight;
    if (draw < end) return kind;
  }
  return "browse";
}

/** Seeded generator of numbers from 0 to 1 (mulberry32, public domain, 32 bits of state). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
