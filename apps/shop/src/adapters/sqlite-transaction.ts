import type { DatabaseSync, StatementSync } from "node:sqlite";
import { inTransaction } from "@evenkeel/kit/sqlite-file";
import { retryWhileBusy } from "./sqlite-retry.ts";

/** IMMEDIATE: writers queue up at the start, so ids rise in the order of commits and none waits half-way. */
export function transact<T>(db: DatabaseSync, work: () => T): Promise<T> {
  return retryWhileBusy(() => inTransaction(db, work));
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
