import type { CartItem } from "@evenkeel/contracts";
import { keepAlive, redisClient } from "@evenkeel/kit/redis-client";
import type { Redis } from "ioredis";
import { ShopError } from "../domain/errors.ts";
import type { CartStore } from "../domain/ports.ts";

const TTL_SECONDS = 24 * 60 * 60;

/** Carts in Redis, known to every replica, forgotten a day after their last change. */
export class RedisCarts implements CartStore {
  readonly kind = "redis";
  readonly #redis: Redis;
  readonly #stopPings: () => void;

  constructor(url: string) {
    // The bus reports that Redis is away; a second voice for the same fact would only be noise.
    this.#redis = redisClient(url, "evenkeel-carts", () => {});
    this.#stopPings = keepAlive([this.#redis], () => {});
  }

  async get(cartId: string): Promise<CartItem[]> {
    return toItems(await answer(this.#redis.hgetall(keyOf(cartId))));
  }

  async put(cartId: string, { productId, quantity }: CartItem): Promise<CartItem[]> {
    const key = keyOf(cartId);
    const change = this.#redis.multi().hset(key, productId, quantity).expire(key, TTL_SECONDS).hgetall(key);
    const [, , lines] = (await answer(change.exec())) ?? [];
    return toItems((lines?.[1] ?? {}) as Record<string, string>);
  }

  async clear(cartId: string): Promise<void> {
    await answer(this.#redis.del(keyOf(cartId)));
  }

  async close(): Promise<void> {
    this.#stopPings();
    this.#redis.disconnect();
  }
}

const keyOf = (cartId: string) => `evenkeel:cart:${cartId}`;

const toItems = (lines: Record<string, string>): CartItem[] =>
  Object.entries(lines).map(([productId, quantity]) => ({ productId, quantity: Number(quantity) }));

async function answer<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (cause) {
    throw new ShopError("cart.unavailable", "Carts are kept in Redis, which is away. Buying still works.", {
      cause,
    });
  }
}
