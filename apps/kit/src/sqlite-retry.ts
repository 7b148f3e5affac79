import { setTimeout as wait } from "node:timers/promises";

/** Milliseconds an operation tries to get the database from other processes before it gives up. */
export const BUSY_DEADLINE_MS = 5000;
const MAX_PAUSE_MS = 25;
/** Primary result codes, https://www.sqlite.org/rescode.html; the upper bits tell variants apart. */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

/** Others held the database past the deadline; nothing was changed. */
export class DatabaseBusy extends Error {
  override readonly name = "DatabaseBusy";

  constructor(deadlineMs: number, cause: unknown) {
    super(
      `The database was held by others for ${deadlineMs / 1000} seconds. Nothing was changed; try again.`,
      { cause },
    );
  }
}

function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" && ((code & 0xff) === SQLITE_BUSY || (code & 0xff) === SQLITE_LOCKED);
}

/**
 * Runs a synchronous database operation; while another process holds the lock it tries again after a
 * random pause. SQLite's own busy_timeout would wait too, but with the whole event loop standing still.
 * Rejects with DatabaseBusy after `deadlineMs`, and with every other error of the operation as it is.
 */
export async function retryWhileBusy<T>(operation: () => T, deadlineMs = BUSY_DEADLINE_MS): Promise<T> {
  const start = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return operation();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() - start > deadlineMs) throw new DatabaseBusy(deadlineMs, error);
    }
    await wait(1 + Math.random() * Math.min(MAX_PAUSE_MS, attempt * 2));
  }
}
