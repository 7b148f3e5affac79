import { stat } from "node:fs/promises";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Booking, OrderPlaced, StockReset } from "@evenkeel/contracts";
import { inTransaction, openSharedDatabase, prepareAll, probeDatabase } from "@evenkeel/kit/sqlite-file";
import { DatabaseBusy, retryWhileBusy } from "@evenkeel/kit/sqlite-retry";
import { BooksError } from "../domain/errors.ts";
import type { BatchOutcome, Books, DeadLetter, ReadMessage } from "../domain/ports.ts";

/** Entry n takes the books from schema version n to n + 1. What was released is never edited. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE bookings (
    order_id TEXT PRIMARY KEY,
    event_id INTEGER NOT NULL,
    product_id TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    total_cents INTEGER NOT NULL,
    placed_at INTEGER NOT NULL,
    booked_at INTEGER NOT NULL,
    booked_by TEXT NOT NULL,
    partition INTEGER NOT NULL,
    offset TEXT NOT NULL
  ) WITHOUT ROWID;
  -- A reset finds the orders of its product by it.
  CREATE INDEX bookings_by_event ON bookings (product_id, event_id);
  -- Kafka may bring an order again after the reset that forgot it; without this it would be booked again.
  CREATE TABLE resets (
    product_id TEXT PRIMARY KEY,
    event_id INTEGER NOT NULL
  ) WITHOUT ROWID;
  -- One row. Counting the bookings would read all of them, on every probe.
  CREATE TABLE totals (booked INTEGER NOT NULL);
  INSERT INTO totals VALUES (0);
`,
  `
  -- Unix time in milliseconds of the reset. Those that are known already were not later than now.
  ALTER TABLE resets ADD COLUMN at INTEGER NOT NULL DEFAULT 0;
  UPDATE resets SET at = unixepoch() * 1000;
`,
];

/**
 * Event ids alone do not tell what came before a reset: they begin at 1 again when the shop's database was replaced,
 * and then every new order would count as an old one for ever. So a reset concerns only orders with a smaller id that
 * were placed until this long after it. After it, because an order's time is taken before its commit: orders that a
 * busy database held up for some seconds may have been committed first and look younger.
 */
const RESET_REACH_MS = 60_000;

const SQL = {
  forgotten: `SELECT 1 FROM resets WHERE product_id = ? AND event_id > ? AND at + ${RESET_REACH_MS} > ?`,
  add: `INSERT INTO bookings (order_id, event_id, product_id, quantity, total_cents, placed_at, booked_at,
    booked_by, partition, offset) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (order_id) DO NOTHING`,
  find: "SELECT * FROM bookings WHERE order_id = ?",
  forget: `DELETE FROM bookings WHERE product_id = ? AND event_id < ? AND placed_at < ? + ${RESET_REACH_MS}`,
  noteReset: `INSERT INTO resets (product_id, event_id, at) VALUES (?, ?, ?)
    ON CONFLICT (product_id) DO UPDATE SET event_id = excluded.event_id, at = excluded.at
    WHERE (excluded.at, excluded.event_id) > (at, event_id)`,
  addToTotal: "UPDATE totals SET booked = booked + ?",
  total: "SELECT booked FROM totals",
  all: "SELECT * FROM bookings ORDER BY product_id, event_id",
} as const;

type Row = Record<string, unknown>;

/** The books in one SQLite file that all instances of a machine share. */
export class SqliteBooks implements Books {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #inode: number;
  readonly #sql: Record<keyof typeof SQL, StatementSync>;

  private constructor(db: DatabaseSync, file: string, inode: number) {
    this.#db = db;
    this.#file = file;
    this.#inode = inode;
    this.#sql = prepareAll(db, SQL);
  }

  /** Opens or creates the file. Rejects with a full sentence when it cannot be used. */
  static async open(file: string): Promise<SqliteBooks> {
    // FULL: after a batch Kafka is told that it was dealt with, and might survive a power cut that the batch does not.
    const db = await openSharedDatabase(file, MIGRATIONS, { synchronous: "FULL" });
    return new SqliteBooks(db, file, (await stat(file)).ino);
  }

  async enter(messages: readonly ReadMessage[], bookedBy: string, at: number): Promise<BatchOutcome> {
    // Nothing to write: no reason to queue for the lock.
    if (messages.length === 0) return { booked: [], duplicates: 0, stale: 0, contradictions: [] };
    return retry(() => inTransaction(this.#db, () => this.#enterNow(messages, bookedBy, at)));
  }

  #enterNow(messages: readonly ReadMessage[], bookedBy: string, at: number): BatchOutcome {
    const booked = new Map<string, Booking>();
    const contradictions: DeadLetter[] = [];
    let [duplicates, stale, change] = [0, 0, 0];
    for (const one of messages) {
      const { message } = one;
      if (message.type === "stock.reset") {
        change -= this.#reset(message);
        for (const [id, booking] of booked) if (isForgotten(booking, message)) booked.delete(id);
        continue;
      }
      if (this.#sql.forgotten.get(message.productId, message.eventId, message.at) !== undefined) {
        stale++;
        continue;
      }
      const booking = toBooking(one, message, bookedBy, at);
      if (this.#add(booking)) {
        booked.set(booking.orderId, booking);
        change++;
        continue;
      }
      const difference = differenceOf(this.#sql.find.get(booking.orderId), booking);
      if (difference === undefined) duplicates++;
      else contradictions.push({ raw: one.raw, cause: "contradiction", reason: difference });
    }
    if (change !== 0) this.#sql.addToTotal.run(change);
    return { booked: [...booked.values()], duplicates, stale, contradictions };
  }

  /** Returns how many orders were forgotten. */
  #reset({ productId, eventId, at }: StockReset): number {
    this.#sql.noteReset.run(productId, eventId, at);
    return Number(this.#sql.forget.run(productId, eventId, at).changes);
  }

  #add(b: Booking): boolean {
    const { changes } = this.#sql.add.run(
      b.orderId,
      b.eventId,
      b.productId,
      b.quantity,
      b.totalCents,
      b.placedAt,
      b.bookedAt,
      b.bookedBy,
      b.partition,
      b.offset,
    );
    return Number(changes) === 1;
  }

  find(orderId: string): Promise<Booking | undefined> {
    return retry(() => {
      const row = this.#sql.find.get(orderId);
      return row === undefined ? undefined : fromRow(row);
    });
  }

  count(): Promise<number> {
    return retry(() => Number(this.#sql.total.get()?.booked));
  }

  /** All bookings as they are at one moment, in order of product and event. One reader at a time. */
  async *all(): AsyncGenerator<Booking> {
    await retry(() => this.#db.exec("BEGIN"));
    try {
      for (const row of this.#sql.all.iterate()) yield fromRow(row);
    } finally {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
    }
  }

  async probe(): Promise<void> {
    try {
      await probeDatabase(this.#file, this.#inode, SQL.total);
    } catch (error) {
      throw toBooksError(error);
    }
  }

  async close(): Promise<void> {
    if (this.#db.isOpen) this.#db.close();
  }
}

async function retry<T>(operation: () => T): Promise<T> {
  try {
    return await retryWhileBusy(operation);
  } catch (error) {
    throw toBooksError(error);
  }
}

function toBooksError(cause: unknown): BooksError {
  if (cause instanceof DatabaseBusy) return new BooksError("books.busy", cause.message, { cause });
  const said = cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause);
  return new BooksError("books.unavailable", `The books cannot be used at the moment: ${said}.`, { cause });
}

/** As SQL.forget has it. */
const isForgotten = ({ productId, eventId, placedAt }: Booking, reset: StockReset) =>
  productId === reset.productId && eventId < reset.eventId && placedAt < reset.at + RESET_REACH_MS;

function toBooking({ raw }: ReadMessage, order: OrderPlaced, bookedBy: string, at: number): Booking {
  const { orderId, eventId, productId, quantity, totalCents } = order;
  const { partition, offset } = raw.origin;
  return {
    orderId,
    eventId,
    productId,
    quantity,
    totalCents,
    placedAt: order.at,
    bookedAt: at,
    bookedBy,
    partition,
    offset,
  };
}

function fromRow(row: Row): Booking {
  return {
    orderId: String(row.order_id),
    eventId: Number(row.event_id),
    productId: String(row.product_id),
    quantity: Number(row.quantity),
    totalCents: Number(row.total_cents),
    placedAt: Number(row.placed_at),
    bookedAt: Number(row.booked_at),
    bookedBy: String(row.booked_by),
    partition: Number(row.partition),
    offset: String(row.offset),
  };
}

const SAME_ALWAYS = ["eventId", "productId", "quantity", "totalCents", "placedAt"] as const;

/** What the message says otherwise than the books, as a sentence; undefined where it repeats them. */
function differenceOf(row: Row | undefined, message: Booking): string | undefined {
  if (row === undefined) return "The order is in the books and cannot be found there.";
  const known = fromRow(row);
  const field = SAME_ALWAYS.find((name) => known[name] !== message[name]);
  if (field === undefined) return undefined;
  return `The order ${message.orderId} is in the books with ${field} ${known[field]}, not ${message[field]}.`;
}
