import { stat } from "node:fs/promises";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Booking, OrderPlaced } from "@evenkeel/contracts";
import { inTransaction, openSharedDatabase, probeDatabase } from "@evenkeel/kit/sqlite-file";
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
];

const SQL = {
  resetOf: "SELECT event_id FROM resets WHERE product_id = ?",
  add: `INSERT INTO bookings (order_id, event_id, product_id, quantity, total_cents, placed_at, booked_at,
    booked_by, partition, offset) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (order_id) DO NOTHING`,
  find: "SELECT * FROM bookings WHERE order_id = ?",
  forget: "DELETE FROM bookings WHERE product_id = ? AND event_id < ?",
  noteReset: `INSERT INTO resets (product_id, event_id) VALUES (?, ?)
    ON CONFLICT (product_id) DO UPDATE SET event_id = max(event_id, excluded.event_id)`,
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
    this.#sql = Object.fromEntries(
      Object.entries(SQL).map(([name, text]) => [name, db.prepare(text)]),
    ) as Record<keyof typeof SQL, StatementSync>;
  }

  /** Opens or creates the file. Rejects with a full sentence when it cannot be used. */
  static async open(file: string): Promise<SqliteBooks> {
    const db = await openSharedDatabase(file, MIGRATIONS);
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
        change -= Number(this.#sql.forget.run(message.productId, message.eventId).changes);
        this.#sql.noteReset.run(message.productId, message.eventId);
        for (const [id, { productId, eventId }] of booked) {
          if (productId === message.productId && eventId < message.eventId) booked.delete(id);
        }
        continue;
      }
      const reset = this.#sql.resetOf.get(message.productId);
      if (reset !== undefined && message.eventId < Number(reset.event_id)) {
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
