import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { ShopAuditLine } from "@evenkeel/contracts";
import { expect, onTestFinished, test } from "vitest";
import { SqliteLedger } from "../../src/adapters/sqlite.ts";
import { auditLines } from "../../src/adapters/sqlite-audit.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

async function shopWith(orders: number) {
  const file = join(temporaryFolder(), "shop.db");
  const ledger = await SqliteLedger.open(file, [{ id: "rope", initialStock: 10_000 }], { relay: true });
  onTestFinished(() => ledger.close());
  const sell = () =>
    ledger.book({
      orderId: randomUUID(),
      productId: "rope",
      quantity: 2,
      totalCents: 1,
      idempotencyKey: undefined,
      instanceId: "1",
      at: 7,
    });
  for (let i = 0; i < orders; i++) await sell();
  return { file, ledger, sell };
}

test("the lines are one snapshot, whatever is sold while they are read", async () => {
  const { file, ledger, sell } = await shopWith(50);
  await ledger.outbox.take("a", 3000);
  await ledger.outbox.confirm("a", 3000, 1, 20);
  const lines: unknown[] = [];
  for (const line of auditLines(file)) {
    lines.push(ShopAuditLine.parse(line));
    await sell();
  }
  expect(lines.slice(0, 2)).toEqual([
    { kind: "outbox", newest: 50, drainedThrough: 20 },
    { kind: "product", id: "rope", initialStock: 10_000, stock: 9_900 },
  ]);
  expect(lines).toHaveLength(52);
  expect(lines[2]).toMatchObject({ kind: "order", productId: "rope", quantity: 2, at: 7 });
});

test("the program prints every line, also more than a pipe holds", async () => {
  const { file } = await shopWith(3000);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(import.meta.dirname, "../../src/audit.ts")],
    { env: { PATH: process.env.PATH, DATABASE_FILE: file }, maxBuffer: 8 * 1024 * 1024 },
  );
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(3002);
  const kinds = new Set(lines.map((line) => ShopAuditLine.parse(JSON.parse(line)).kind));
  expect(kinds).toEqual(new Set(["outbox", "product", "order"]));
});
