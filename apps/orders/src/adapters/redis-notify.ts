import { ORDER_CHANNEL, type OrdersBooked } from "@evenkeel/contracts";
import { keepAlive, redisClient } from "@evenkeel/kit/redis-client";
import type { Redis } from "ioredis";
import type { Announcer } from "../domain/ports.ts";

export interface RedisNotifyOptions {
  readonly url: string;
  /** Only tests need another one, to share a Redis. */
  readonly channel?: string;
  /** Told once per loss and once per return, with the last error for a reason. */
  readonly onChange?: (up: boolean, reason: Error | undefined) => void;
}

/** Tells the shop's replicas what was booked. What Redis misses, the page learns by asking for its order. */
export class RedisNotify implements Announcer {
  readonly #channel: string;
  readonly #redis: Redis;
  readonly #stopPings: () => void;
  #lastError: Error | undefined;
  #up: boolean | undefined;
  #closed = false;

  constructor({ url, channel = ORDER_CHANNEL, onChange }: RedisNotifyOptions) {
    this.#channel = channel;
    const remember = (error: Error) => {
      this.#lastError = error;
    };
    const report = (up: boolean) => {
      if (this.#closed || up === this.#up) return;
      this.#up = up;
      onChange?.(up, up ? undefined : this.#lastError);
    };
    this.#redis = redisClient(url, "evenkeel-orders", remember);
    this.#redis.on("ready", () => report(true));
    this.#redis.on("close", () => report(false));
    this.#stopPings = keepAlive([this.#redis], () =>
      remember(new Error("Redis did not answer a ping in time.")),
    );
  }

  announce(news: OrdersBooked): void {
    if (this.#redis.status !== "ready") return;
    // Lost is lost; the state of the connection is reported where it changes.
    this.#redis.publish(this.#channel, JSON.stringify(news)).catch(() => {});
  }

  async probe(): Promise<void> {
    if (this.#redis.status !== "ready") {
      throw this.#lastError ?? new Error("Redis is not connected yet.");
    }
    await this.#redis.ping();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopPings();
    this.#redis.disconnect();
  }
}
