import type { StockEvent } from "@evenkeel/contracts";
import type { BusState, EventBus, Ledger } from "./ports.ts";

/** Events read from the ledger at once; about 30 kB of text. */
export const READ_BATCH = 200;
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
  /** Told when the ledger could not be read; the next sweep tries again. */
  readonly onError: (error: unknown) => void;
  /** Told of each delivery: over the bus (or this replica's own sale), or read from the ledger. */
  readonly onDelivered?: (source: "bus" | "ledger") => void;
}

/**
 * Turns an unreliable bus and a reliable ledger into a feed without gaps or repeats. A message with the
 * next id is passed on at once; anything else only says "there is more" and the ledger is read.
 */
export class StockFeed {
  readonly #deps: StockFeedDeps;
  #listener: FeedListener | undefined;
  #last = 0;
  #reading = false;
  #readAgain = false;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(deps: StockFeedDeps) {
    this.#deps = deps;
  }

  /** Id of the newest event passed on. */
  get last(): number {
    return this.#last;
  }

  /** Starts behind the newest event that exists now. Rejects when the ledger does. */
  async start(listener: FeedListener): Promise<void> {
    this.#last = (await this.#deps.ledger.eventWindow()).newest;
    this.#listener = listener;
    this.#deps.bus.listen({
      onEvent: (event) => this.offer(event),
      onState: (state) => {
        listener.onState(state);
        // Up: whatever was published between the loss and the new subscription is gone from the bus.
        void this.#sweep();
      },
    });
    void this.#sweep();
  }

  /** An event was heard of; it may be early, late or a repeat. */
  offer(event: StockEvent): void {
    if (event.id === this.#last + 1) this.#deliver(event, "bus");
    else if (event.id > this.#last) void this.catchUp();
  }

  /** Reads what the ledger has beyond the last event. Calls during a read make it read once more. */
  async catchUp(): Promise<void> {
    this.#readAgain = true;
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#readAgain && !this.#stopped) {
        this.#readAgain = false;
        await this.#read();
      }
    } catch (error) {
      this.#deps.onError(error);
    } finally {
      this.#reading = false;
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    const { ledger } = this.#deps;
    const before = this.#last;
    const { oldest, newest } = await ledger.eventWindow();
    // `before`, because a message may have been passed on while the window was read.
    if (newest < before || oldest > this.#last + 1) {
      this.#last = newest;
      this.#listener?.onResync();
      return;
    }
    let rows: StockEvent[];
    do {
      rows = await ledger.eventsAfter(this.#last, READ_BATCH);
      for (const event of rows) this.#deliver(event, "ledger");
    } while (rows.length === READ_BATCH && !this.#stopped);
  }

  #deliver(event: StockEvent, source: "bus" | "ledger"): void {
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
