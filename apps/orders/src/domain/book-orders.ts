import type { BatchOutcome, Books, DeadLetter, Graveyard, RawMessage, ReadMessage } from "./ports.ts";
import { readMessage } from "./read-message.ts";

/** Messages of one partition, in order. */
export interface Delivery {
  readonly messages: readonly RawMessage[];
  /**
   * Lets some time pass after a failure and keeps the partition meanwhile. Rejects when the partition was
   * taken away or this instance is to stop: whoever gets the batch next begins it anew.
   */
  pause(): Promise<void>;
}

export interface BookDeps {
  readonly books: Books;
  readonly graveyard: Graveyard;
  readonly instanceId: string;
  /** Told once per batch, after its commit; must not throw and must not block. */
  readonly onBooked: (outcome: BatchOutcome) => void;
  readonly onBuried: (letters: readonly DeadLetter[]) => void;
  /** Told of each failed attempt. The success after them is what the others are told of. */
  readonly onTrouble: (what: "books" | "graveyard", error: unknown) => void;
}

/**
 * Resolves when each message is in the books or in `orders.dead`, and only then its offset may be committed.
 * A crash at any point before that brings the batch again; the books know what they have, and a dead letter
 * may then be sent twice.
 */
export async function bookOrders(deps: BookDeps, delivery: Delivery): Promise<void> {
  const read = delivery.messages.map(readMessage);
  const good = read.filter((one): one is ReadMessage => "message" in one);
  const dead = read.filter((one): one is DeadLetter => "cause" in one);

  const enter = () => deps.books.enter(good, deps.instanceId, Date.now());
  const outcome = await untilDone(enter, delivery, (error) => deps.onTrouble("books", error));
  deps.onBooked(outcome);

  const letters = [...dead, ...outcome.contradictions];
  if (letters.length === 0) return;
  const bury = () => deps.graveyard.bury(letters);
  await untilDone(bury, delivery, (error) => deps.onTrouble("graveyard", error));
  deps.onBuried(letters);
}

/** For ever: a batch that is left behind would be lost as soon as a later one is committed. */
async function untilDone<T>(
  step: () => Promise<T>,
  delivery: Delivery,
  onFailure: (error: unknown) => void,
): Promise<T> {
  for (;;) {
    try {
      return await step();
    } catch (error) {
      onFailure(error);
    }
    await delivery.pause();
  }
}
