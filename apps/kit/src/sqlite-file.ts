import { mkdirSync } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { retryWhileBusy } from "./sqlite-retry.ts";

/** Processes that start together on an empty volume queue here, and a slow disk adds to it. */
const OPEN_DEADLINE_MS = 10_000;
const PROBE_DEADLINE_MS = 1000;

export interface SharedDatabaseOptions {
  /** Runs in the transaction of the migrations, after them, each time the file is opened. */
  readonly extra?: (db: DatabaseSync) => void;
  /**
   * In WAL mode a crash of the process loses nothing either way. NORMAL, which is the default: a power cut may lose
   * the last commits. FULL: it does not, and each commit waits for the disk.
   */
  readonly synchronous?: "NORMAL" | "FULL";
}

/**
 * Opens a file that several processes of one machine share, and brings it to the newest schema. Entry n of
 * `migrations` takes a database from schema version n to n + 1; what was released is never edited. Rejects
 * with a full sentence when the file cannot be used or was written by a newer version.
 */
export async function openSharedDatabase(
  file: string,
  migrations: readonly string[],
  options: SharedDatabaseOptions = {},
): Promise<DatabaseSync> {
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true });
    // timeout 0: waiting happens outside SQLite, where the event loop runs on.
    const opened = await retryWhileBusy(() => new DatabaseSync(file, { timeout: 0 }), OPEN_DEADLINE_MS);
    db = opened;
    await retryWhileBusy(() => prepare(opened, migrations, options), OPEN_DEADLINE_MS);
    return opened;
  } catch (error) {
    db?.close();
    throw new Error(
      `The database ${file} could not be prepared. It must be writable and of schema version ` +
        `${migrations.length} or older; check the volume, or remove it to start with an empty one.`,
      { cause: error },
    );
  }
}

function prepare(
  db: DatabaseSync,
  migrations: readonly string[],
  { extra, synchronous = "NORMAL" }: SharedDatabaseOptions,
): void {
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA foreign_keys = ON`);
  inTransaction(db, () => {
    const version = Number(db.prepare("PRAGMA user_version").get()?.user_version);
    if (version > migrations.length) {
      throw new Error(`The database has schema version ${version}, this program knows ${migrations.length}.`);
    }
    for (const migration of migrations.slice(version)) db.exec(migration);
    if (version < migrations.length) db.exec(`PRAGMA user_version = ${migrations.length}`);
    extra?.(db);
  });
}

/** Compiles each statement once. */
export function prepareAll<Name extends string>(
  db: DatabaseSync,
  sql: Readonly<Record<Name, string>>,
): Record<Name, StatementSync> {
  return Object.fromEntries(
    Object.entries<string>(sql).map(([name, text]) => [name, db.prepare(text)]),
  ) as Record<Name, StatementSync>;
}

/** IMMEDIATE: writers queue up at the start, so none of them finds out half-way that it must wait. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/**
 * Opens the file anew and runs `query`: a cached page of a long-lived connection proves nothing. Through
 * SQLite and never with plain file calls, because closing any descriptor of the file drops all locks this
 * process has on it (https://www.sqlite.org/howtocorrupt.html, 2.2).
 * @param inode Of the file as it was opened; rejects when it is gone or another one by now.
 */
export async function probeDatabase(file: string, inode: number, query: string): Promise<void> {
  const { ino } = await stat(file).catch((cause) => {
    throw new Error("The database file is gone. Restart the lab.", { cause });
  });
  if (ino !== inode) throw new Error("The database file was replaced. Restart this container.");
  await retryWhileBusy(() => {
    const db = new DatabaseSync(file, { timeout: 0, readOnly: true });
    try {
      db.prepare(query).get();
    } finally {
      db.close();
    }
  }, PROBE_DEADLINE_MS);
}
