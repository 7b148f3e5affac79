import type { CartItem, PurchaseResponse, StockEvent, StockList } from "@evenkeel/contracts";

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
  /** Puts initial stock back and forgets all orders; one event per product. Event ids never go back. */
  reset(at: number): Promise<{ ordersDeleted: number; events: StockEvent[] }>;
  /** Resolves when the database really answered. */
  probe(): Promise<void>;
  close(): Promise<void>;
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
