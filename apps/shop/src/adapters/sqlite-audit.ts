import { DatabaseSync } from "node:sqlite";
import type { ShopAuditLine } from "@evenkeel/contracts";
import { RELAY } from "./sqlite-schema.ts";

/**
 * Everything the shop would have to answer for, line by line out of one snapshot, however long the reader takes.
 * Other processes sell on meanwhile. Throws when the file cannot be read.
 */
export function* auditLines(file: string): Generator<ShopAuditLine> {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    // The first SELECT inside it fixes the snapshot for all that follow.
    db.exec("BEGIN");
    const outbox = db
      .prepare(
        `SELECT coalesce((SELECT max(id) FROM outbox), 0) AS newest,
          coalesce((SELECT drained_through FROM relays WHERE name = ?), 0) AS drained`,
      )
      .get(RELAY);
    yield { kind: "outbox", newest: Number(outbox?.newest), drainedThrough: Number(outbox?.drained) };
    for (const row of db.prepare("SELECT id, initial_stock, stock FROM products ORDER BY rowid").iterate()) {
      const [initialStock, stock] = [Number(row.initial_stock), Number(row.stock)];
      yield { kind: "product", id: String(row.id), initialStock, stock };
    }
    const orders = "SELECT order_id, event_id, product_id, quantity, created_at FROM orders";
    for (const row of db.prepare(orders).iterate()) {
      yield {
        kind: "order",
        orderId: String(row.order_id),
        eventId: Number(row.event_id),
        productId: String(row.product_id),
        quantity: Number(row.quantity),
        at: Number(row.created_at),
      };
    }
  } finally {
    db.close();
  }
}
