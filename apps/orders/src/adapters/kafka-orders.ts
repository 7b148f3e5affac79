import { setTimeout as wait } from "node:timers/promises";
import type { EachBatchPayload, Kafka } from "kafkajs";
import type { Delivery } from "../domain/book-orders.ts";
import type { Membership } from "../domain/ports.ts";
import { ConsumerLag } from "./kafka-lag.ts";
import { beginSession, SESSION_TIMEOUT_MS, type Session } from "./kafka-session.ts";

/** Between two sessions, and between two attempts to deal with one batch. */
const RETRY_MS = 500;
/** A session that has not been heard of for so long is given up, whatever kafkajs believes. */
const SILENCE_MS = 30_000;
const WATCH_MS = 500;
/** Leaving waits for the batch in hand; Kafka may be away and never answer. */
const LEAVE_MS = 5000;
/** A batch takes some milliseconds. One in hand for so long cannot be finished, and everything behind it waits. */
const STUCK_MS = 20_000;

export interface KafkaOrdersOptions {
  readonly kafka: Pick<Kafka, "admin" | "consumer">;
  /** Deals with one batch; its offset is committed when this resolves, and it comes again when this rejects. */
  readonly deliver: (delivery: Delivery) => Promise<void>;
  /** Told once when the membership is gained, and once when it is lost. */
  readonly onChange?: (up: boolean, reason: unknown) => void;
  /** Told of each new assignment. */
  readonly onAssigned?: (partitions: readonly number[]) => void;
  /** Only tests need another one, to share a Kafka. */
  readonly group?: string;
}

/**
 * Reads the topic `orders` as a member of the group, for ever: whatever ends a session, the next one begins
 * half a second later.
 */
export class KafkaOrders implements Membership {
  readonly #options: KafkaOrdersOptions;
  readonly #lag = new ConsumerLag();
  readonly #stopping = new AbortController();
  #life: Promise<void> = Promise.resolve();
  #watch: NodeJS.Timeout | undefined;
  /** Signs of a session that is not this one any more are ignored. */
  #session: object | undefined;
  #joined = false;
  /** When each batch in hand was begun, on the clock of `performance.now()`; an ended session may still have one. */
  readonly #inHand = new Map<object, number>();
  /** When Kafka last said that we belong to the group, on the clock of `performance.now()`. */
  #heardAt = 0;
  #partitions: readonly number[] = [];
  /** Undefined until the first session began, or could not. */
  #reported: boolean | undefined;
  #lastError: unknown = new Error("Kafka was not reached yet.");

  constructor(options: KafkaOrdersOptions) {
    this.#options = options;
  }

  get partitions(): readonly number[] {
    return this.#partitions;
  }

  get up(): boolean {
    return this.#joined && performance.now() - this.#heardAt < SESSION_TIMEOUT_MS;
  }

  /** Messages that are still to be booked, per partition of this instance. */
  lag(): Iterable<[partition: number, behind: number]> {
    return this.#lag.entries();
  }

  /** How long the oldest batch has been in hand, in seconds; 0 while there is none. */
  get batchAgeSeconds(): number {
    const begun = Math.min(...this.#inHand.values());
    return Number.isFinite(begun) ? (performance.now() - begun) / 1000 : 0;
  }

  start(): void {
    this.#watch = setInterval(() => {
      if (this.#reported !== undefined) this.#report();
    }, WATCH_MS).unref();
    this.#life = this.#live();
  }

  /** Finishes the batch in hand and leaves the group. Resolves in bounded time, also without Kafka. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#life;
    clearInterval(this.#watch);
  }

  async probe(): Promise<void> {
    if (this.up) {
      const age = this.batchAgeSeconds;
      if (age * 1000 < STUCK_MS) return;
      throw new Error(
        `A batch of orders could not be finished for ${Math.round(age)} seconds. The log says why.`,
      );
    }
    const { message } = this.#lastError instanceof Error ? this.#lastError : { message: "no answer" };
    throw new Error(`This instance is no member of the consumer group: ${message}`);
  }

  async #live(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#liveOnce();
      } catch (error) {
        this.#lastError = error;
      }
      this.#session = undefined;
      this.#joined = false;
      this.#assign([]);
      if (signal.aborted) return;
      this.#report();
      await wait(RETRY_MS, undefined, { signal }).catch(() => {});
    }
  }

  /** Returns when this instance is to stop, and rejects when the session is over for any other reason. */
  async #liveOnce(): Promise<void> {
    const ended = new AbortController();
    const token = {};
    this.#session = token;
    this.#heardAt = performance.now();
    const session = this.#begin(token);
    try {
      const over = session.then(({ broken }) => broken);
      await Promise.race([over, this.#silent(ended.signal), aborted(this.#stopping.signal, ended.signal)]);
    } finally {
      ended.abort();
      // A beginning that was given up may still succeed; it must not stay in the group then.
      const leave = session.then((begun) => begun.leave());
      await Promise.race([leave.catch(() => {}), wait(LEAVE_MS, undefined, { ref: false })]);
    }
  }

  #begin(token: object): Promise<Session> {
    const ours = () => this.#session === token;
    return beginSession({
      ...this.#options,
      eachBatch: async (payload) => {
        this.#inHand.set(payload, performance.now());
        try {
          await this.#eachBatch(payload, ours);
        } finally {
          this.#inHand.delete(payload);
        }
      },
      onJoined: (partitions) => {
        if (!ours()) return;
        this.#joined = true;
        this.#heardAt = performance.now();
        this.#assign(partitions);
        this.#options.onAssigned?.(partitions);
        this.#report();
      },
      onHeartbeat: () => {
        if (ours()) this.#heardAt = performance.now();
      },
      onBatchBegun: (marks) => ours() && this.#lag.begun(marks),
      onBatchDone: (marks) => ours() && this.#lag.done(marks),
    });
  }

  async #eachBatch(payload: EachBatchPayload, ours: () => boolean): Promise<void> {
    const { batch, heartbeat, isRunning, commitOffsetsIfNecessary, resolveOffset } = payload;
    const { topic, partition } = batch;
    const last = batch.messages.at(-1);
    if (last === undefined) return;
    await this.#options.deliver({
      messages: batch.messages.map(({ key, value, offset }) => ({
        origin: { topic, partition, offset },
        key,
        value,
      })),
      pause: async () => {
        await wait(RETRY_MS);
        if (!isRunning() || !ours()) throw new Error("This instance stopped reading.");
        await heartbeat();
      },
    });
    // The very last offset can belong to a mark that Kafka's transactions leave behind.
    const offset = String(BigInt(batch.lastOffset()) + 1n);
    // Not consumer.commitOffsets(): that silently does nothing once the consumer is to stop.
    await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset }] }] });
    resolveOffset(last.offset);
  }

  #assign(partitions: readonly number[]): void {
    this.#partitions = partitions;
    this.#lag.assign(partitions);
  }

  #report(): void {
    const { up } = this;
    if (up === this.#reported) return;
    this.#reported = up;
    this.#options.onChange?.(up, this.#lastError);
  }

  /** Rejects when nothing was heard of the session for too long. */
  async #silent(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      await wait(WATCH_MS, undefined, { signal: end, ref: false }).catch(() => {});
      if (performance.now() - this.#heardAt < SILENCE_MS) continue;
      throw new Error(`Kafka was silent for ${SILENCE_MS / 1000} seconds.`);
    }
  }
}

/** Resolves when `signal` fires; forgets about it when `end` does. */
function aborted(signal: AbortSignal, end: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true, signal: end });
  });
}
