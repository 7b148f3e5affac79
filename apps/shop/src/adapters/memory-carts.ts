import type { CartItem } from "@evenkeel/contracts";
import type { CartStore } from "../domain/ports.ts";

const MAX_CARTS = 10_000;

/** Carts in this replica's own memory: gone with it, unknown to the others. It makes stickiness visible. */
export class MemoryCarts implements CartStore {
  readonly kind = "memory";
  readonly #carts = new Map<string, Map<string, number>>();
  readonly #maxCarts: number;

  constructor(maxCarts = MAX_CARTS) {
    this.#maxCarts = maxCarts;
  }

  async get(cartId: string): Promise<CartItem[]> {
    const cart = this.#carts.get(cartId);
    if (cart === undefined) return [];
    this.#touch(cartId, cart);
    return toItems(cart);
  }

  async put(cartId: string, { productId, quantity }: CartItem): Promise<CartItem[]> {
    const cart = this.#carts.get(cartId) ?? new Map<string, number>();
    cart.set(productId, quantity);
    this.#touch(cartId, cart);
    const oldest = this.#carts.keys().next().value;
    if (this.#carts.size > this.#maxCarts && oldest !== undefined) this.#carts.delete(oldest);
    return toItems(cart);
  }

  async clear(cartId: string): Promise<void> {
    this.#carts.delete(cartId);
  }

  async close(): Promise<void> {
    this.#carts.clear();
  }

  /** A Map keeps the order of insertion: the first key is the cart not used for the longest time. */
  #touch(cartId: string, cart: Map<string, number>): void {
    this.#carts.delete(cartId);
    this.#carts.set(cartId, cart);
  }
}

const toItems = (cart: Map<string, number>): CartItem[] =>
  Array.from(cart, ([productId, quantity]) => ({ productId, quantity }));
