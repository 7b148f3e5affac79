import type { StockEvent } from "@evenkeel/contracts";
import type { BusState, EventBus, Ledger } from "./ports.ts";

/** Events read from the ledger at once; about 15 kB of text, so that a batch fits what may wait for a client. */
export const READ_BATCH = 100;
/** Milliseconds between looks at the ledger: the net below a bus that drops messages without a word. */
const SWEEP_MS = 2000;
/** The same while the bus is known to be away, when looking is the only way to hear of other replicas. */
const POLL_MS = 250;

/** Who hears of stock events: every id once, in order. */
export interface FeedListener {
  onEvent(event: StockEvent): void;
  /** Events were lost for good (pruned, or the database was replaced): start again from a snapshot. */
  onResync(): void;
  onState(state: BusState): void;
}

export interface StockFeedDeps {
  readonly ledger: Ledger;
  readonly bus: EventBus;
  /** Told once when the ledger cannot be read any more, and once when it can again. */
  readonly onLedger: (state: "up" | "down", reason?: unknown) => void;
  /** Told of each delivery: by what this replica heard of it, a message (or its own sale) or its own look. */
  readonly onDelivered?: (source: FeedSource) => void;
}

export type FeedSource = "bus" | "ledger";

/**
 * Turns an unreliable bus and a reliable ledger into a feed without gaps or repeats. A message only says
 * "there is more", and the ledger is read: anybody may write to the bus, and what is not in the ledger did
 * not happen. Only a sale of this replica is passed on as it is, for its commit was seen here.
 */
export class StockFeed {
  readonly #deps: StockFeedDeps;
  #listener: FeedListener | undefined;
  #last = 0;
  #reading: Promise<void> | undefined;
  #readAgain = false;
  #ledgerState: "up" | "down" = "up";
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(deps: StockFeedDeps) {
    this.#deps = deps;
  }

  /** Id of the newest event passed on. */
  get last(): number {
    return this.#last;
  }

  /** Whether the last look at the ledger succeeded; while it is "down" the owner was told why. */
  get ledgerState(): "up" | "down" {
    return this.#ledgerState;
  }

  /** Starts behind the newest event that exists now. Rejects when the ledger does. */
  async start(listener: FeedListener): Promise<void> {
    this.#last = (await this.#deps.ledger.eventWindow()).newest;
    this.#listener = listener;
    this.#deps.bus.listen({
      onEvent: ({ id }) => {
        if (id > this.#last) void this.catchUp("bus");
      },
      onState: (state) => {
        listener.onState(state);
        // Up: whatever was published between the loss and the new subscription is gone from the bus.
        void this.#sweep();
      },
    });
    void this.#sweep();
  }

  /** A committed sale of this replica; it may come early, late or twice. */
  offer(event: StockEvent): void {
    if (event.id === this.#last + 1) this.#deliver(event, "bus");
    else if (event.id > this.#last) void this.catchUp("bus");
  }

  /** Reads what the ledger has beyond the last event. Calls during a read make it read once more. */
  catchUp(source: FeedSource = "ledger"): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#readAgain = true;
    this.#reading ??= this.#readAll(source);
    return this.#reading;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #readAll(source: FeedSource): Promise<void> {
    try {
      while (this.#readAgain && !this.#stopped) {
        this.#readAgain = false;
        await this.#read(source);
      }
      this.#noteLedger("up");
    } catch (error) {
      this.#noteLedger("down", error);
    } finally {
      this.#reading = undefined;
    }
  }

  async #read(source: FeedSource): Promise<void> {
    const { ledger } = this.#deps;
    const before = this.#last;
    for (;;) {
      const rows = await ledger.eventsAfter(this.#last, READ_BATCH);
      // An own sale may have been passed on during the read.
      const next = rows.find(({ id }) => id > this.#last);
      // Ids have no gaps, so what lies before the first row was pruned, perhaps since the last batch.
      if (next !== undefined && next.id !== this.#last + 1) return this.#resync();
      for (const event of rows) this.#deliver(event, source);
      if (rows.length < READ_BATCH || this.#stopped) break;
      // A turn of the event loop, in which streams send what they hold: else all batches would pile up.
      await new Promise(setImmediate);
    }
    if (this.#last === before && (await ledger.eventWindow()).newest < before) await this.#resync();
  }

  async #resync(): Promise<void> {
    this.#last = (await this.#deps.ledger.eventWindow()).newest;
    this.#listener?.onResync();
  }

  #noteLedger(state: "up" | "down", reason?: unknown): void {
    if (state === this.#ledgerState) return;
    this.#ledgerState = state;
    this.#deps.onLedger(state, reason);
  }

  #deliver(event: StockEvent, source: FeedSource): void {
    if (event.id <= this.#last) return;
    this.#last = event.id;
    this.#deps.onDelivered?.(source);
    this.#listener?.onEvent(event);
  }

  async #sweep(): Promise<void> {
    clearTimeout(this.#timer);
    await this.catchUp();
    this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    const delay = this.#deps.bus.state === "up" ? SWEEP_MS : POLL_MS;
    this.#timer = setTimeout(() => void this.#sweep(), delay).unref();
  }
}
