import type { DatabaseSync, StatementSync } from "node:sqlite";
import { prepareAll } from "@evenkeel/kit/sqlite-file";
import type { Outbox, OutboxRow, RelayState } from "../domain/ports.ts";
import { retryWhileBusy } from "./sqlite-retry.ts";
import { RELAY } from "./sqlite-schema.ts";
import { transact } from "./sqlite-transaction.ts";

const MINE = `name = '${RELAY}' AND holder = ?1`;
const DRAINED = `SELECT drained_through FROM relays WHERE name = '${RELAY}'`;
const TO_HAVE = `name = '${RELAY}' AND (holder IS NULL OR holder = ?1 OR expires_at <= ?2)`;

const SQL = {
  canTake: `SELECT 1 FROM relays WHERE ${TO_HAVE}`,
  take: `UPDATE relays SET holder = ?1, expires_at = ?2 + ?3 WHERE ${TO_HAVE}`,
  undrained: `SELECT id, type, key, payload, created_at FROM outbox WHERE id > (${DRAINED}) ORDER BY id LIMIT ?`,
  confirm: `UPDATE relays SET expires_at = ?2 + ?3, answered_at = ?2, latency_ms = ?4, failure = NULL,
    drained_through = max(drained_through, ?5) WHERE ${MINE}`,
  release: `UPDATE relays SET holder = NULL, expires_at = 0, failure = coalesce(?2, failure) WHERE ${MINE}`,
  state: `SELECT (SELECT max(id) FROM outbox) - drained_through AS waiting, answered_at, latency_ms, failure,
    (SELECT created_at FROM outbox WHERE id > drained_through ORDER BY id LIMIT 1) AS oldest_at
    FROM relays WHERE name = '${RELAY}'`,
} as const;

/** Lease and mark of the relay, in the shop's own file: who can sell can also agree on who drains. */
export class SqliteOutbox implements Outbox {
  readonly #db: DatabaseSync;
  readonly #sql: Record<keyof typeof SQL, StatementSync>;

  /** The connection stays its owner's. */
  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#sql = prepareAll(db, SQL);
  }

  async take(holder: string, forMs: number): Promise<boolean> {
    // Those that stand by look every second; only who has a chance takes the lock that sales need.
    const chance = await retryWhileBusy(() => this.#sql.canTake.get(holder, Date.now()) !== undefined);
    return chance && this.#changes(() => this.#sql.take.run(holder, Date.now(), forMs).changes);
  }

  undrained(limit: number): Promise<OutboxRow[]> {
    return retryWhileBusy(() =>
      this.#sql.undrained.all(limit).map((row) => ({
        id: Number(row.id),
        type: String(row.type),
        key: String(row.key),
        payload: String(row.payload),
        at: Number(row.created_at),
      })),
    );
  }

  confirm(holder: string, forMs: number, latencyMs: number, through = 0): Promise<boolean> {
    return this.#changes(() => this.#sql.confirm.run(holder, Date.now(), forMs, latencyMs, through).changes);
  }

  async release(holder: string, failure?: string): Promise<void> {
    await this.#changes(() => this.#sql.release.run(holder, failure ?? null).changes);
  }

  state(): Promise<RelayState> {
    return retryWhileBusy(() => {
      const row = this.#sql.state.get() ?? {};
      return {
        // Below zero: the database was set up anew under a mark that was kept.
        waiting: Math.max(0, Number(row.waiting ?? 0)),
        oldestAt: numberOrNull(row.oldest_at),
        answeredAt: numberOrNull(row.answered_at),
        latencyMs: numberOrNull(row.latency_ms),
        failure: typeof row.failure === "string" ? row.failure : null,
      };
    });
  }

  async #changes(update: () => number | bigint): Promise<boolean> {
    return Number(await transact(this.#db, update)) > 0;
  }
}

const numberOrNull = (value: unknown): number | null => (typeof value === "number" ? value : null);
