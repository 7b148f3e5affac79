import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { SqliteLedger } from "../../src/adapters/sqlite.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PROCESSES = 5;
const TRIES = 60;
const UNITS = 200;

test("processes that start together on an empty volume sell exactly what there is, ids without gaps", async () => {
  const file = join(temporaryFolder(), "empty", "shop.db");
  const sqlite = pathToFileURL(join(import.meta.dirname, "../../src/adapters/sqlite.ts"));
  const seeds = [{ id: "rope", initialStock: UNITS }];
  const script = `
    import { SqliteLedger } from ${JSON.stringify(sqlite)};
    const ledger = await SqliteLedger.open(${JSON.stringify(file)}, ${JSON.stringify(seeds)});
    let sold = 0;
    for (let i = 0; i < ${TRIES}; i++) {
      const order = { orderId: process.pid + "-" + i, productId: "rope", quantity: 1, totalCents: 1,
        idempotencyKey: undefined, instanceId: String(process.pid), at: Date.now() };
      if ((await ledger.book(order)).outcome === "sold") sold++;
    }
    console.log(sold);`;
  const run = () => promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
  const sold = (await Promise.all(Array.from({ length: PROCESSES }, run))).map(({ stdout }) =>
    Number(stdout),
  );

  expect(PROCESSES * TRIES).toBeGreaterThan(UNITS);
  expect(sold.reduce((sum, count) => sum + count, 0)).toBe(UNITS);
  const ledger = await SqliteLedger.open(file, seeds);
  expect(await ledger.stock()).toEqual({ lastEventId: UNITS, stock: [{ productId: "rope", stock: 0 }] });
  const events = await ledger.eventsAfter(0, UNITS + 1);
  expect(events.map(({ id }) => id)).toEqual(Array.from({ length: UNITS }, (_, index) => index + 1));
  // The order of ids is the order of commits: stock falls by one with every event.
  expect(events.map(({ stock }) => stock)).toEqual(Array.from({ length: UNITS }, (_, i) => UNITS - 1 - i));
  await ledger.close();
});
