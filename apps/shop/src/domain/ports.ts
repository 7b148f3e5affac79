import type {
  Booking as BookedOrder,
  CartItem,
  OrdersBooked,
  PurchaseResponse,
  StockEvent,
  StockList,
} from "@evenkeel/contracts";

/** An order that the rules allow; whether stock lets it happen is decided inside the transaction. */
export interface NewOrder {
  readonly orderId: string;
  readonly productId: string;
  readonly quantity: number;
  readonly totalCents: number;
  readonly idempotencyKey: string | undefined;
  readonly instanceId: string;
  /** Unix time in milliseconds. */
  readonly at: number;
}

/** What became of an order. `mismatch`: its key belongs to an order of another product or quantity. */
export type Booking =
  | { readonly outcome: "sold"; readonly receipt: PurchaseResponse; readonly event: StockEvent }
  | { readonly outcome: "replayed"; readonly receipt: PurchaseResponse }
  | { readonly outcome: "mismatch" }
  | { readonly outcome: "insufficient"; readonly stock: number };

/** Ids of the oldest and newest event still kept. Nothing kept: `oldest` is `newest + 1`. */
export interface EventWindow {
  readonly oldest: number;
  readonly newest: number;
}

/** An order as the shop has it. */
export interface PlacedOrder {
  readonly orderId: string;
  readonly productId: string;
  readonly quantity: number;
  readonly totalCents: number;
  /** Unix time in milliseconds. */
  readonly placedAt: number;
  /** The relay knows that Kafka has it. */
  readonly published: boolean;
}

/**
 * Stock, orders and outbox of all replicas. Each method is one transaction; all throw `store.busy` when
 * others held the database past the deadline and `store.unavailable` when it does not work at all.
 */
export interface Ledger {
  /** Takes stock, writes the order and its event, or changes nothing. The same key never sells twice. */
  book(order: NewOrder): Promise<Booking>;
  stock(): Promise<StockList>;
  /** Events with a greater id, in order of id, at most `limit`. Ids have no gaps; old events are pruned. */
  eventsAfter(id: number, limit: number): Promise<StockEvent[]>;
  eventWindow(): Promise<EventWindow>;
  findOrder(orderId: string): Promise<PlacedOrder | undefined>;
  /** Puts initial stock back and forgets all orders; one event per product. Event ids never go back. */
  reset(at: number): Promise<{ ordersDeleted: number; events: StockEvent[] }>;
  /** Resolves when the database really answered. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** One row of the outbox as it was written. */
export interface OutboxRow {
  readonly id: number;
  readonly type: string;
  /** Product id. */
  readonly key: string;
  readonly payload: string;
  /** Unix time in milliseconds of the commit. */
  readonly at: number;
}

/** What every replica can know of the relay without asking Kafka; the holder of the lease keeps it. */
export interface RelayState {
  /** Events of which nobody knows yet whether Kafka has them. */
  readonly waiting: number;
  /** Unix time in milliseconds of the oldest of them. */
  readonly oldestAt: number | null;
  /** Unix time in milliseconds of Kafka's last answer to any replica; null before the first. */
  readonly answeredAt: number | null;
  /** How long that answer took. */
  readonly latencyMs: number | null;
  /** Why the last attempt failed; null when it did not. */
  readonly failure: string | null;
}

/**
 * The outbox as relays see it: at most one of them drains it, under a lease. Each method is one transaction and
 * throws what the ledger throws. Without a relay in this database there is no lease to be had.
 */
export interface Outbox {
  /** Takes the lease where it is free or run out, or renews it. `false`: another one has it. */
  take(holder: string, forMs: number): Promise<boolean>;
  /** The next rows to drain, in order of id, at most `limit`. */
  undrained(limit: number): Promise<OutboxRow[]>;
  /**
   * Notes an answer of Kafka and renews the lease; with `through`, that Kafka has everything up to there.
   * `false`: the lease was lost meanwhile, and nothing was noted.
   */
  confirm(holder: string, forMs: number, latencyMs: number, through?: number): Promise<boolean>;
  /** Gives the lease back, with the reason when Kafka is it. Does nothing when it is not held. */
  release(holder: string, failure?: string): Promise<void>;
  /** Takes the same time however many events wait. */
  state(): Promise<RelayState>;
}

export interface LogMessage {
  readonly key: string;
  readonly value: string;
}

/** Kafka as the relay needs it: one topic, one sender, one batch at a time. */
export interface OrderLog {
  /** Whether a connection is there that has worked so far. */
  readonly open: boolean;
  /** Connects where needed; resolves when Kafka answered and has the topics. Rejects in a few seconds. */
  check(): Promise<void>;
  /** Resolves when Kafka has acknowledged every message. After a rejection it may have any of them. */
  send(messages: readonly LogMessage[]): Promise<void>;
  /** Cuts the connection at once, and with it what is under way; the next `check()` makes a new one. */
  drop(): void;
}

/** The books of the orders app. */
export interface Books {
  /** Undefined: not booked yet. Rejects within half a second when the orders app cannot be asked. */
  find(orderId: string): Promise<BookedOrder | undefined>;
}

export type BusState = "up" | "down";

export interface BusListener {
  onEvent(event: StockEvent): void;
  onState(state: BusState): void;
}

/**
 * The fast way from one replica to the others. It may lose events, and carry some that never happened: the
 * ledger's outbox is the truth.
 */
export interface EventBus {
  readonly state: BusState;
  /** Never blocks, never throws, never queues while the bus is away. */
  publish(event: StockEvent): void;
  listen(listener: BusListener): void;
  /** Word of the orders app; a message may be lost, and nothing brings it back. */
  onBooked(listener: (orders: OrdersBooked) => void): void;
  /** Resolves when the bus answered; rejects within half a second otherwise. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** Carts by cart id. Throws `cart.unavailable` in bounded time. */
export interface CartStore {
  readonly kind: "memory" | "redis";
  get(cartId: string): Promise<CartItem[]>;
  /** Adds the line, or replaces the line of the same product. */
  put(cartId: string, item: CartItem): Promise<CartItem[]>;
  clear(cartId: string): Promise<void>;
  close(): Promise<void>;
}
