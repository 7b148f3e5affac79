import type { Booking, OrderMessage, OrdersBooked } from "@evenkeel/contracts";

/** Where a message came from. Offsets may be larger than a number can hold exactly. */
export interface Origin {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/** A message as Kafka keeps it; a null value is a tombstone. */
export interface RawMessage {
  readonly origin: Origin;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/** A message that could be understood. */
export interface ReadMessage {
  readonly raw: RawMessage;
  readonly message: OrderMessage;
}

/** Why nobody can book a message; a metric label, so there are few of them. */
export const DEATH_CAUSES = [
  "no-value",
  "oversized",
  "not-json",
  "unknown-type",
  "schema",
  "contradiction",
] as const;
export type DeathCause = (typeof DEATH_CAUSES)[number];

/** A message on its way to `orders.dead`. */
export interface DeadLetter {
  readonly raw: RawMessage;
  readonly cause: DeathCause;
  /** One sentence. */
  readonly reason: string;
}

/** What became of one batch. */
export interface BatchOutcome {
  /** Orders that are in the books since now. */
  readonly booked: readonly Booking[];
  /** Orders that were in the books already. */
  readonly duplicates: number;
  /** Orders from before a reset that the books have already seen. */
  readonly stale: number;
  /** Messages that say something else about an order than the books do. */
  readonly contradictions: readonly DeadLetter[];
}

/**
 * The books of all instances. Each method is one transaction; all reject with `books.busy` when others held
 * the database past the deadline and with `books.unavailable` when it does not work at all.
 */
export interface Books {
  /** Enters a batch in its order, all of it or nothing. The same order is never entered twice. */
  enter(messages: readonly ReadMessage[], bookedBy: string, at: number): Promise<BatchOutcome>;
  find(orderId: string): Promise<Booking | undefined>;
  /** Orders in the books. */
  count(): Promise<number>;
  /** Resolves when the database really answered. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** Where messages go that nobody can book. */
export interface Graveyard {
  /** Resolves when Kafka has all of them. May leave some there twice, never loses one. */
  bury(letters: readonly DeadLetter[]): Promise<void>;
}

/** The fast way to the shop's pages; it may lose messages. */
export interface Announcer {
  /** Never blocks, never throws. */
  announce(news: OrdersBooked): void;
  /** Resolves when Redis answered; rejects within half a second otherwise. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** The instance's place in the consumer group. */
export interface Membership {
  readonly partitions: readonly number[];
  /** Rejects with a sentence while this instance is no member of the group, or cannot finish what it was given. */
  probe(): Promise<void>;
}
