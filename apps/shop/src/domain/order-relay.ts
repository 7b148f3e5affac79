import { toLogMessage } from "./order-message.ts";
import type { OrderLog, Outbox, OutboxRow, RelayState } from "./ports.ts";
import { kafkaUp } from "./relay-state.ts";

/**
 * Rows of one send. Encoding them takes 2 to 3 ms, for which requests wait; with twice as many they wait twice as
 * long and hardly more rows leave per second (36,000 with 200 of them, on one core).
 */
export const RELAY_BATCH = 200;
/** How long others must believe a holder that went silent. */
export const LEASE_MS = 3000;
const RENEW_MS = 1000;
/** A batch is begun only with this much of the lease left, so that it is on its way before it runs out. */
const LEASE_MARGIN_MS = 1000;
/**
 * Pause after a batch that was not full: sales then share one send and one commit here, and one transaction and one
 * commit of each partition in the books, which together take as much of the processor as the sale itself.
 */
export const LINGER_MS = 150;
const IDLE_MS = 100;
/** Between looks of a replica that does not hold the lease. */
const STANDBY_MS = 1000;
/** A holder with nothing to send asks so often whether Kafka is still there. */
const CHECK_MS = 2000;
const FIRST_BACK_OFF_MS = 100;
const LONGEST_BACK_OFF_MS = 2000;
/** A replica that leaves gives a send under way this long. */
const STOP_MS = 1000;

export interface OrderRelayDeps {
  readonly outbox: Outbox;
  readonly log: OrderLog;
  /** Unique per process: a replica that was restarted is another holder. */
  readonly holder: string;
  /** Told once when Kafka was lost for all replicas, and once when it is back. */
  readonly onKafka: (state: "up" | "down", reason: string) => void;
  readonly onPublished: (count: number, seconds: number) => void;
  /** Told of each failed attempt on Kafka. */
  readonly onFailure: () => void;
  /** The outbox failed; told once until it works again. */
  readonly onOutbox: (reason: unknown) => void;
}

/**
 * Carries the outbox to Kafka: whoever holds the lease sends one batch, waits for the acknowledgement, moves the
 * mark, and goes on. A mark is moved only after Kafka has the events, so each arrives at least once, and in order
 * of its first arrival within a product.
 *
 * A failure gives the lease back. If only this replica is cut off from Kafka, another one carries on; if all are,
 * they take turns, and the first that reaches Kafka keeps it. A holder that stops without a word (SIGKILL,
 * SIGSTOP) is replaced when its lease runs out. One that then wakes up begins nothing without looking at the
 * clock, but what it had handed to the kernel may still arrive: an old batch once more.
 */
export class OrderRelay {
  readonly #deps: OrderRelayDeps;
  /** Unix time in milliseconds until which this process may send; 0: another one may. */
  #leaseUntil = 0;
  #answeredAt = 0;
  #failures = 0;
  #outboxFailed = false;
  #told: "up" | "down" | undefined;
  #wake: (() => void) | undefined;
  #woken = false;
  #running: Promise<void> | undefined;
  #renewal: NodeJS.Timeout | undefined;
  #sending = false;
  #stopped = false;

  constructor(deps: OrderRelayDeps) {
    this.#deps = deps;
  }

  /** Whether this replica is the one that sends. */
  get leads(): boolean {
    return Date.now() < this.#leaseUntil;
  }

  start(): void {
    this.#running = this.#run();
    // Beside the loop: a send may wait for Kafka longer than the lease lasts.
    this.#renewal = setInterval(() => void this.#renew(), RENEW_MS).unref();
  }

  /** There is something to send. Ends an idle pause, and no other. */
  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /** Leaves the lease to the others; a send under way gets a second. Resolves when all is given back. */
  async stop(): Promise<void> {
    if (this.#stopped) return this.#running;
    this.#stopped = true;
    clearInterval(this.#renewal);
    this.#wake?.();
    const late = setTimeout(() => this.#deps.log.drop(), this.#sending ? STOP_MS : 0);
    await this.#running;
    clearTimeout(late);
    this.#deps.log.drop();
    this.#leaseUntil = 0;
    // Where this fails the lease runs out by itself.
    if (this.#running) await this.#deps.outbox.release(this.#deps.holder).catch(() => {});
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      let pauseMs: number;
      try {
        pauseMs = await this.#turn();
        this.#outboxFailed = false;
      } catch (error) {
        if (!this.#outboxFailed) this.#deps.onOutbox(error);
        this.#outboxFailed = true;
        pauseMs = STANDBY_MS;
      }
      await this.#rest(pauseMs);
    }
  }

  /** One step; returns how long to rest after it, in milliseconds. Rejects when the outbox does. */
  async #turn(): Promise<number> {
    const { outbox, log } = this.#deps;
    if (!(await this.#hold())) {
      this.#tell(await outbox.state());
      return STANDBY_MS * (0.75 + Math.random() / 2);
    }
    if (!log.open || Date.now() - this.#answeredAt >= CHECK_MS) {
      const failed = await this.#ask(() => log.check());
      if (failed !== undefined) return failed;
      // Connecting takes time, in which the lease may have been lost.
      if (!(await this.#hold())) return 0;
    }
    const rows = await outbox.undrained(RELAY_BATCH);
    if (rows.length === 0) return IDLE_MS;
    return (await this.#publish(rows)) ?? (rows.length < RELAY_BATCH ? LINGER_MS : 0);
  }

  async #publish(rows: readonly OutboxRow[]): Promise<number | undefined> {
    const messages = rows.map(toLogMessage);
    const start = performance.now();
    let failed: number | undefined;
    this.#sending = true;
    try {
      failed = await this.#ask(() => this.#deps.log.send(messages), rows.at(-1)?.id);
    } finally {
      this.#sending = false;
    }
    if (failed === undefined) this.#deps.onPublished(rows.length, (performance.now() - start) / 1000);
    return failed;
  }

  /** Makes Kafka answer, and notes that it did. Returns the back-off in milliseconds when it did not. */
  async #ask(question: () => Promise<void>, through?: number): Promise<number | undefined> {
    // stop() has cut what was under way; what begins after it nobody would cut.
    if (this.#stopped) return 0;
    const { outbox, holder } = this.#deps;
    const start = performance.now();
    try {
      await question();
    } catch (error) {
      return this.#fail(error);
    }
    const [latencyMs, now] = [performance.now() - start, Date.now()];
    this.#failures = 0;
    if (!(await outbox.confirm(holder, LEASE_MS, latencyMs, through))) {
      this.#lose();
      return 0;
    }
    this.#answeredAt = now;
    this.#leaseUntil = now + LEASE_MS;
    if (this.#told !== "up") this.#tell(await outbox.state());
    return undefined;
  }

  async #fail(error: unknown): Promise<number> {
    const { outbox, log, holder } = this.#deps;
    log.drop();
    // Told to stop, or fenced off: this attempt was cut here and says nothing about Kafka.
    if (this.#stopped || this.#leaseUntil === 0) return 0;
    this.#deps.onFailure();
    this.#leaseUntil = 0;
    await outbox.release(holder, error instanceof Error ? error.message : String(error));
    this.#tell(await outbox.state());
    const backOff = Math.min(LONGEST_BACK_OFF_MS, FIRST_BACK_OFF_MS * 2 ** this.#failures++);
    return backOff * (0.5 + Math.random() / 2);
  }

  /** Whether the lease is this process's for long enough to begin something; takes or renews it if need be. */
  async #hold(): Promise<boolean> {
    if (Date.now() < this.#leaseUntil - LEASE_MARGIN_MS) return true;
    // Counted from before the question: the true end is never earlier.
    const now = Date.now();
    if (this.#stopped || !(await this.#deps.outbox.take(this.#deps.holder, LEASE_MS))) {
      this.#lose();
      return false;
    }
    this.#leaseUntil = now + LEASE_MS;
    return Date.now() < this.#leaseUntil - LEASE_MARGIN_MS;
  }

  async #renew(): Promise<void> {
    if (this.#leaseUntil === 0) return;
    const now = Date.now();
    try {
      const mine = await this.#deps.outbox.take(this.#deps.holder, LEASE_MS);
      // Given back meanwhile: then this renewal came too late and took it again, for whoever asks next.
      if (this.#leaseUntil === 0) await this.#deps.outbox.release(this.#deps.holder);
      else if (mine) this.#leaseUntil = Math.max(this.#leaseUntil, now + LEASE_MS);
      else this.#lose();
    } catch {
      // The loop meets the same error and tells it; without a renewal the lease runs out.
    }
  }

  /** Another replica may be sending already: what is under way here is cut. */
  #lose(): void {
    if (this.#leaseUntil > 0) this.#deps.log.drop();
    this.#leaseUntil = 0;
  }

  #tell(state: RelayState): void {
    const up = kafkaUp(state, Date.now());
    const now = up === undefined ? undefined : up ? "up" : "down";
    if (now === undefined || now === this.#told) return;
    this.#told = now;
    this.#deps.onKafka(now, state.failure ?? "no answer");
  }

  /** A turn of the event loop at least, so that requests come between two batches. */
  async #rest(ms: number): Promise<void> {
    if (this.#stopped) return;
    if (ms === 0 || (ms === IDLE_MS && this.#woken)) {
      this.#woken = false;
      await new Promise(setImmediate);
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        if (ms !== IDLE_MS && !this.#stopped) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
    this.#woken = false;
  }
}
