import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "@evenkeel/kit/sqlite-file";
import { retryWhileBusy } from "./sqlite-retry.ts";

/** IMMEDIATE: writers queue up at the start, so ids rise in the order of commits and none waits half-way. */
export function transact<T>(db: DatabaseSync, work: () => T): Promise<T> {
  return retryWhileBusy(() => inTransaction(db, work));
}
