import { stat } from "node:fs/promises";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { PurchaseResponse, StockEvent, StockList } from "@evenkeel/contracts";
import { prepareAll, probeDatabase } from "@evenkeel/kit/sqlite-file";
import { DatabaseBusy } from "@evenkeel/kit/sqlite-retry";
import { ShopError } from "../domain/errors.ts";
import type { Booking, EventWindow, Ledger, NewOrder, PlacedOrder } from "../domain/ports.ts";
import { SqliteOutbox } from "./sqlite-outbox.ts";
import { retryWhileBusy } from "./sqlite-retry.ts";
import { openDatabase, RELAY, type Seed } from "./sqlite-schema.ts";
import { transact } from "./sqlite-transaction.ts";

/** Newest outbox rows that are always kept, so that streams can be replayed. */
export const KEEP_EVENTS = 10_000;
/** Every so many events the sale that writes one also prunes; a fixed slice, so no sale pays for others. */
const PRUNE_EVERY = 500;
const PRUNE_AT_MOST = 1000;

const SQL = {
  orderByKey: "SELECT * FROM orders WHERE idempotency_key = ?",
  takeStock: "UPDATE products SET stock = stock - ?1 WHERE id = ?2 AND stock >= ?1 RETURNING stock",
  stockOf: "SELECT stock FROM products WHERE id = ?",
  addEvent: "INSERT INTO outbox (type, key, payload, created_at) VALUES (?, ?, ?, ?) RETURNING id",
  addOrder: `INSERT INTO orders (order_id, product_id, quantity, total_cents, stock_after, event_id,
    idempotency_key, instance_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  prune: `DELETE FROM outbox WHERE id <= min(?1 - ${KEEP_EVENTS},
    (SELECT coalesce(min(drained_through), ?1) FROM relays), (SELECT min(id) FROM outbox) + ${PRUNE_AT_MOST})`,
  // One statement is one snapshot: the figures and the id belong together.
  stock:
    "SELECT id, stock, (SELECT coalesce(max(id), 0) FROM outbox) AS last FROM products ORDER BY products.rowid",
  eventsAfter: "SELECT id, key, payload, created_at FROM outbox WHERE id > ? ORDER BY id LIMIT ?",
  window: `SELECT coalesce((SELECT max(id) FROM outbox), 0) AS newest,
    coalesce((SELECT min(id) FROM outbox), 1) AS oldest`,
  order: `SELECT *, event_id <= (SELECT drained_through FROM relays WHERE name = '${RELAY}') AS published
    FROM orders WHERE order_id = ?`,
  refill: "UPDATE products SET stock = initial_stock RETURNING id, stock",
  forgetOrders: "DELETE FROM orders",
} as const;

type Row = Record<string, unknown>;

/** The ledger in one SQLite file that all replicas of a machine share. */
export class SqliteLedger implements Ledger {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #inode: number;
  readonly #sql: Record<keyof typeof SQL, StatementSync>;
  /** The same file as a relay sees it. */
  readonly outbox: SqliteOutbox;

  private constructor(db: DatabaseSync, file: string, inode: number) {
    this.#db = db;
    this.#file = file;
    this.#inode = inode;
    this.#sql = prepareAll(db, SQL);
    this.outbox = new SqliteOutbox(db);
  }

  /**
   * Opens or creates the file. With a relay, events stay until it has drained them; all programs that open
   * the same file must agree on that. Rejects with a full sentence when the file cannot be used.
   */
  static async open(file: string, seeds: readonly Seed[], { relay = false } = {}): Promise<SqliteLedger> {
    const db = await openDatabase(file, seeds, relay);
    return new SqliteLedger(db, file, (await stat(file)).ino);
  }

  book(order: NewOrder): Promise<Booking> {
    return transact(this.#db, () => this.#bookNow(order));
  }

  #bookNow(order: NewOrder): Booking {
    const { orderId, productId, quantity, totalCents, idempotencyKey, instanceId, at } = order;
    if (idempotencyKey !== undefined) {
      const earlier = this.#sql.orderByKey.get(idempotencyKey);
      if (earlier !== undefined) return replay(earlier, order);
    }
    const taken = this.#sql.takeStock.get(quantity, productId);
    if (taken === undefined) {
      return { outcome: "insufficient", stock: Number(this.#sql.stockOf.get(productId)?.stock ?? 0) };
    }
    const stock = Number(taken.stock);
    const payload = { stock, sold: quantity, instanceId, orderId, totalCents };
    const eventId = this.#addEvent("order.booked", productId, payload, at);
    this.#sql.addOrder.run(
      orderId,
      productId,
      quantity,
      totalCents,
      stock,
      eventId,
      idempotencyKey ?? null,
      instanceId,
      at,
    );
    if (eventId % PRUNE_EVERY === 0) this.#sql.prune.run(eventId);
    return {
      outcome: "sold",
      receipt: { orderId, productId, quantity, totalCents, stock, eventId },
      event: { id: eventId, productId, stock, sold: quantity, instanceId, at },
    };
  }

  stock(): Promise<StockList> {
    return retryWhileBusy(() => {
      const rows = this.#sql.stock.all();
      return {
        lastEventId: Number(rows[0]?.last ?? 0),
        stock: rows.map((row) => ({ productId: String(row.id), stock: Number(row.stock) })),
      };
    });
  }

  eventsAfter(id: number, limit: number): Promise<StockEvent[]> {
    return retryWhileBusy(() => this.#sql.eventsAfter.all(id, limit).map(toEvent));
  }

  eventWindow(): Promise<EventWindow> {
    return retryWhileBusy(() => {
      const row = this.#sql.window.get();
      return { oldest: Number(row?.oldest), newest: Number(row?.newest) };
    });
  }

  findOrder(orderId: string): Promise<PlacedOrder | undefined> {
    return retryWhileBusy(() => {
      const row = this.#sql.order.get(orderId);
      if (row === undefined) return undefined;
      return {
        orderId,
        productId: String(row.product_id),
        quantity: Number(row.quantity),
        totalCents: Number(row.total_cents),
        placedAt: Number(row.created_at),
        published: row.published === 1,
      };
    });
  }

  reset(at: number): Promise<{ ordersDeleted: number; events: StockEvent[] }> {
    return transact(this.#db, () => {
      const ordersDeleted = Number(this.#sql.forgetOrders.run().changes);
      const events = this.#sql.refill.all().map((row) => {
        const [productId, stock] = [String(row.id), Number(row.stock)];
        const id = this.#addEvent("stock.reset", productId, { stock, sold: 0, instanceId: "" }, at);
        return { id, productId, stock, sold: 0, instanceId: "", at };
      });
      return { ordersDeleted, events };
    });
  }

  async probe(): Promise<void> {
    try {
      await probeDatabase(this.#file, this.#inode, "SELECT count(*) FROM products");
    } catch (cause) {
      const code = cause instanceof DatabaseBusy ? "store.busy" : "store.unavailable";
      throw new ShopError(code, cause instanceof Error ? cause.message : String(cause), { cause });
    }
  }

  async close(): Promise<void> {
    if (this.#db.isOpen) this.#db.close();
  }

  #addEvent(type: string, productId: string, payload: Row, at: number): number {
    return Number(this.#sql.addEvent.get(type, productId, JSON.stringify(payload), at)?.id);
  }
}

function replay(earlier: Row, order: NewOrder): Booking {
  const receipt: PurchaseResponse = {
    orderId: String(earlier.order_id),
    productId: String(earlier.product_id),
    quantity: Number(earlier.quantity),
    totalCents: Number(earlier.total_cents),
    stock: Number(earlier.stock_after),
    eventId: Number(earlier.event_id),
  };
  const same = receipt.productId === order.productId && receipt.quantity === order.quantity;
  return same ? { outcome: "replayed", receipt } : { outcome: "mismatch" };
}

/** A payload holds more than streams show (the order, for a relay); only the event's own fields go out. */
function toEvent(row: Row): StockEvent {
  const { stock, sold, instanceId } = JSON.parse(String(row.payload)) as StockEvent;
  return {
    id: Number(row.id),
    productId: String(row.key),
    stock,
    sold,
    instanceId,
    at: Number(row.created_at),
  };
}
