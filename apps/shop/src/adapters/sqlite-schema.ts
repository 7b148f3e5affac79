import type { DatabaseSync } from "node:sqlite";
import { openSharedDatabase } from "@evenkeel/kit/sqlite-file";

/**
 * Entry n takes a database from schema version n to n + 1. What was released is never edited: a change is a
 * new entry at the end.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE products (
    id TEXT PRIMARY KEY,
    initial_stock INTEGER NOT NULL CHECK (initial_stock >= 0),
    stock INTEGER NOT NULL CHECK (stock >= 0)
  );
  CREATE TABLE orders (
    order_id TEXT PRIMARY KEY,
    product_id TEXT NOT NULL REFERENCES products (id),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    total_cents INTEGER NOT NULL,
    stock_after INTEGER NOT NULL,
    event_id INTEGER NOT NULL,
    idempotency_key TEXT UNIQUE,
    instance_id TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  -- AUTOINCREMENT: an id is never given twice, also after the newest rows were deleted.
  CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    key TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL
  );
  -- Whoever drains the outbox elsewhere keeps a row here; nothing beyond its mark is ever pruned.
  CREATE TABLE relays (
    name TEXT PRIMARY KEY,
    drained_through INTEGER NOT NULL
  ) WITHOUT ROWID;
`,
  `
  -- Who drains now, and until when others must believe it; times are Unix time in milliseconds.
  ALTER TABLE relays ADD COLUMN holder TEXT;
  ALTER TABLE relays ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
  -- What the last holder knows about the other side, for replicas that do not talk to it.
  ALTER TABLE relays ADD COLUMN answered_at INTEGER;
  ALTER TABLE relays ADD COLUMN latency_ms REAL;
  ALTER TABLE relays ADD COLUMN failure TEXT;
`,
];

/** Row of `relays` that belongs to the relay to Kafka. */
export const RELAY = "kafka";

/**
 * A new relay begins before the first event. Orders whose events were pruned before there was a relay are put
 * back in their old places, where nothing else is: since the last reset every event belongs to an order.
 */
const RESTORE_PRUNED = `INSERT INTO outbox (id, type, key, payload, created_at)
  SELECT event_id, 'order.booked', product_id, json_object('stock', stock_after, 'sold', quantity,
    'instanceId', instance_id, 'orderId', order_id, 'totalCents', total_cents), created_at
  FROM orders WHERE event_id < (SELECT min(id) FROM outbox)`;

/** How many units of a product a new database starts with. */
export interface Seed {
  readonly id: string;
  readonly initialStock: number;
}

/**
 * Opens the shared file and creates what is missing; safe when several replicas do so at once. With a relay
 * events wait for it from now on, without one none is held back. Rejects with a full sentence when the file
 * cannot be used or was written by a newer version.
 */
export function openDatabase(file: string, seeds: readonly Seed[], relay: boolean): Promise<DatabaseSync> {
  return openSharedDatabase(file, MIGRATIONS, { extra: (db) => addWhatIsMissing(db, seeds, relay) });
}

function addWhatIsMissing(db: DatabaseSync, seeds: readonly Seed[], relay: boolean): void {
  const insert = db.prepare("INSERT OR IGNORE INTO products (id, initial_stock, stock) VALUES (?, ?, ?)");
  for (const { id, initialStock } of seeds) insert.run(id, initialStock, initialStock);
  if (relay) {
    const { changes } = db
      .prepare("INSERT OR IGNORE INTO relays (name, drained_through) VALUES (?, 0)")
      .run(RELAY);
    if (Number(changes) > 0) db.exec(RESTORE_PRUNED);
  } else db.prepare("DELETE FROM relays WHERE name = ?").run(RELAY);
}
