import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { retryWhileBusy } from "./sqlite-retry.ts";

const SCHEMA_VERSION = 1;
/** Replicas that start together on an empty volume queue here, and a slow disk adds to it. */
const OPEN_DEADLINE_MS = 10_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS products (
    id TEXT PRIMARY KEY,
    initial_stock INTEGER NOT NULL CHECK (initial_stock >= 0),
    stock INTEGER NOT NULL CHECK (stock >= 0)
  );
  CREATE TABLE IF NOT EXISTS orders (
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
  CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    key TEXT NOT NULL,
    payload TEXT NOT NULL,
    created_at INTEGER NOT NULL
  );
  -- Whoever drains the outbox elsewhere keeps a row here; nothing beyond its mark is ever pruned.
  CREATE TABLE IF NOT EXISTS relays (
    name TEXT PRIMARY KEY,
    drained_through INTEGER NOT NULL
  ) WITHOUT ROWID;
`;

/** How many units of a product a new database starts with. */
export interface Seed {
  readonly id: string;
  readonly initialStock: number;
}

/**
 * Opens the shared file and creates what is missing; safe when several replicas do so at once. Rejects
 * with a full sentence when the file cannot be used or was written by a newer version.
 */
export async function openDatabase(file: string, seeds: readonly Seed[]): Promise<DatabaseSync> {
  mkdirSync(dirname(file), { recursive: true });
  // timeout 0: waiting happens outside SQLite, where the event loop runs on.
  const db = await retryWhileBusy(() => new DatabaseSync(file, { timeout: 0 }), OPEN_DEADLINE_MS);
  try {
    await retryWhileBusy(() => prepareDatabase(db, seeds), OPEN_DEADLINE_MS);
    return db;
  } catch (error) {
    db.close();
    throw new Error(
      `The database ${file} could not be prepared. It must be writable and of schema version ` +
        `${SCHEMA_VERSION} or older; check the volume, or remove it to start with an empty shop.`,
      { cause: error },
    );
  }
}

function prepareDatabase(db: DatabaseSync, seeds: readonly Seed[]): void {
  // NORMAL in WAL mode: a crash of the process loses nothing, a power cut may lose the last commits.
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
  db.exec("BEGIN IMMEDIATE");
  try {
    const version = Number(db.prepare("PRAGMA user_version").get()?.user_version);
    if (version > SCHEMA_VERSION) {
      throw new Error(`The database has schema version ${version}, this shop knows ${SCHEMA_VERSION}.`);
    }
    if (version < SCHEMA_VERSION) {
      db.exec(SCHEMA);
      db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    }
    const insert = db.prepare("INSERT OR IGNORE INTO products (id, initial_stock, stock) VALUES (?, ?, ?)");
    for (const { id, initialStock } of seeds) insert.run(id, initialStock, initialStock);
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}
