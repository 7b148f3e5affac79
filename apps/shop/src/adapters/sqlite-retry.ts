import { setTimeout as wait } from "node:timers/promises";
import { ShopError } from "../domain/errors.ts";

/** Milliseconds an operation tries to get the database from other replicas before it gives up. */
export const BUSY_DEADLINE_MS = 5000;
const MAX_PAUSE_MS = 25;
/** Primary result codes, https://www.sqlite.org/rescode.html; the upper bits tell variants apart. */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" && ((code & 0xff) === SQLITE_BUSY || (code & 0xff) === SQLITE_LOCKED);
}

/**
 * Runs a synchronous database operation; while another replica holds the lock it tries again after a
 * random pause. SQLite's own busy_timeout would wait too, but with the whole event loop standing still.
 * Throws `store.busy` after `deadlineMs` and `store.unavailable` on every other database error.
 */
export async function retryWhileBusy<T>(operation: () => T, deadlineMs = BUSY_DEADLINE_MS): Promise<T> {
  const start = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return operation();
    } catch (error) {
      if (!isBusy(error)) throw unavailable(error);
      if (performance.now() - start > deadlineMs) throw busy(deadlineMs, error);
    }
    await wait(1 + Math.random() * Math.min(MAX_PAUSE_MS, attempt * 2));
  }
}

const busy = (deadlineMs: number, cause: unknown) =>
  new ShopError(
    "store.busy",
    `The database was held by others for ${deadlineMs / 1000} seconds. Nothing was changed; try again.`,
    { cause },
  );

const unavailable = (cause: unknown) =>
  cause instanceof ShopError
    ? cause
    : new ShopError("store.unavailable", "The database does not work at the moment. Try again later.", {
        cause,
      });
