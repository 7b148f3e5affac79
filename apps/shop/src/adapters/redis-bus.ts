import { ORDER_CHANNEL, OrdersBooked, STOCK_CHANNEL, StockEvent } from "@evenkeel/contracts";
import { keepAlive, redisClient } from "@evenkeel/kit/redis-client";
import type { Redis } from "ioredis";
import type { z } from "zod";
import type { BusListener, BusState, EventBus } from "../domain/ports.ts";

/** Characters; nothing that belongs on a channel comes near it, and parsing a stranger's novel takes time. */
const MAX_MESSAGE = 64 * 1024;
/** Events of so many milliseconds leave in one write: on its own each write took a sixth of what a sale costs. */
const GATHER_MS = 5;

export interface RedisBusOptions {
  readonly url: string;
  /** Only tests need another one, to share a Redis. */
  readonly channel?: string;
  readonly orderChannel?: string;
  /** Told once per loss and once per return, with the last error for a reason. */
  readonly onChange?: (state: BusState, reason: Error | undefined) => void;
  /** Told of each event that could not be published; the ledger carries it to the others. */
  readonly onLost?: () => void;
}

/** Stock events and bookings over Redis pub/sub: fast, and allowed to lose messages. */
export class RedisBus implements EventBus {
  readonly #options: RedisBusOptions;
  readonly #channel: string;
  readonly #orderChannel: string;
  readonly #publisher: Redis;
  readonly #subscriber: Redis;
  readonly #stopPings: () => void;
  #subscribed = false;
  #state: BusState = "down";
  /** False until the first attempt to connect had an outcome. */
  #reported = false;
  #listener: BusListener | undefined;
  #bookedListener: ((orders: OrdersBooked) => void) | undefined;
  #lastError: Error | undefined;
  /** Published, and on the wire at the next flush. */
  #gathered: string[] = [];
  #flushTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: RedisBusOptions) {
    this.#options = options;
    this.#channel = options.channel ?? STOCK_CHANNEL;
    this.#orderChannel = options.orderChannel ?? ORDER_CHANNEL;
    const remember = (error: Error) => {
      this.#lastError = error;
    };
    this.#publisher = redisClient(options.url, "evenkeel-publisher", remember);
    this.#subscriber = redisClient(options.url, "evenkeel-subscriber", remember);
    this.#publisher.on("ready", () => this.#updateIfUp());
    this.#publisher.on("close", () => this.#update());
    this.#subscriber.on("ready", () => void this.#subscribe());
    this.#subscriber.on("close", () => {
      this.#subscribed = false;
      this.#update();
    });
    this.#subscriber.on("message", (channel: string, text: string) => this.#receive(channel, text));
    this.#stopPings = keepAlive([this.#publisher, this.#subscriber], () =>
      remember(new Error("Redis did not answer a ping in time.")),
    );
  }

  /** Up: this replica both hears and is heard. */
  get state(): BusState {
    return this.#state;
  }

  listen(listener: BusListener): void {
    this.#listener = listener;
  }

  onBooked(listener: (orders: OrdersBooked) => void): void {
    this.#bookedListener = listener;
  }

  publish(event: StockEvent): void {
    if (this.#publisher.status === "ready") {
      this.#gathered.push(JSON.stringify(event));
      this.#flushTimer ??= setTimeout(() => this.#flush(), GATHER_MS);
    } else this.#lost(1);
  }

  async probe(): Promise<void> {
    if (this.#state === "down") throw this.#lastError ?? new Error("Redis is not connected yet.");
    // Redis answers in order: once it answers this, it has what was published before.
    this.#flush();
    await this.#publisher.ping();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopPings();
    this.#flush();
    this.#publisher.disconnect();
    this.#subscriber.disconnect();
  }

  #flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const texts = this.#gathered;
    if (texts.length === 0) return;
    this.#gathered = [];
    const pipeline = this.#publisher.pipeline();
    for (const text of texts) pipeline.publish(this.#channel, text);
    pipeline.exec().then(
      (results) => this.#lost(results?.filter(([error]) => error !== null).length ?? 0),
      () => this.#lost(texts.length),
    );
  }

  #lost(events: number): void {
    // Closing cuts the answers to what was written last, and not what was written.
    if (this.#closed) return;
    for (let i = 0; i < events; i++) this.#options.onLost?.();
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#subscriber.subscribe(this.#channel, this.#orderChannel);
      this.#subscribed = this.#subscriber.status === "ready";
      this.#updateIfUp();
    } catch {
      this.#subscriber.disconnect(true);
    }
  }

  /** The first of two connections that is there says nothing yet; above all not "down". */
  #updateIfUp(): void {
    if (this.#isUp()) this.#update();
  }

  #isUp(): boolean {
    return this.#subscribed && this.#publisher.status === "ready";
  }

  #update(): void {
    const state: BusState = this.#isUp() ? "up" : "down";
    const first = !this.#reported;
    if ((state === this.#state && !first) || this.#closed) return;
    this.#reported = true;
    const changed = state !== this.#state;
    this.#state = state;
    this.#options.onChange?.(state, state === "down" ? this.#lastError : undefined);
    if (changed) this.#listener?.onState(state);
  }

  #receive(channel: string, text: string): void {
    if (channel === this.#orderChannel) {
      const booked = understand(OrdersBooked, text);
      if (booked !== undefined) this.#bookedListener?.(booked);
      return;
    }
    const event = understand(StockEvent, text);
    if (event !== undefined) this.#listener?.onEvent(event);
  }
}

/** Whatever else is on a channel must neither crash a replica nor reach a browser. */
function understand<T>(schema: z.ZodType<T>, text: string): T | undefined {
  if (text.length > MAX_MESSAGE) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
