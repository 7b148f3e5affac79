import { BUSY_DEADLINE_MS, DatabaseBusy, retryWhileBusy as retry } from "@evenkeel/kit/sqlite-retry";
import { ShopError } from "../domain/errors.ts";

/**
 * Runs a synchronous database operation again while another replica holds the lock. Throws `store.busy`
 * after `deadlineMs` and `store.unavailable` on every other database error.
 */
export async function retryWhileBusy<T>(operation: () => T, deadlineMs = BUSY_DEADLINE_MS): Promise<T> {
  try {
    return await retry(operation, deadlineMs);
  } catch (error) {
    if (error instanceof ShopError) throw error;
    if (error instanceof DatabaseBusy)
      throw new ShopError("store.busy", error.message, { cause: error.cause });
    throw new ShopError("store.unavailable", "The database does not work at the moment. Try again later.", {
      cause: error,
    });
  }
}
