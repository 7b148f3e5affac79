import { execFile } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { openBooks } from "../support/books.ts";
import { order, readable } from "../support/messages.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const PROCESSES = 3;
const ORDERS = 300;
const BATCH = 7;
/** Node starts one after the other; all wait for a common moment, else the first could be done before the last begins. */
const START_MS = 1500;

test("processes that start together on an empty volume and book the same orders book each of them once", async () => {
  const file = join(temporaryFolder(), "empty", "orders.db");
  const module = pathToFileURL(join(import.meta.dirname, "../../src/adapters/sqlite-books.ts"));
  const placed = Array.from({ length: ORDERS }, (_, index) =>
    order(index + 1, { productId: `p${index % 5}` }),
  );
  const plain = readable(...placed).map(({ message, raw }) => ({ message, raw: { origin: raw.origin } }));
  const script = `
    import { SqliteBooks } from ${JSON.stringify(module)};
    const { promise, resolve } = Promise.withResolvers();
    setTimeout(resolve, Math.max(0, Number(process.env.START_AT) - Date.now()));
    await promise;
    const books = await SqliteBooks.open(${JSON.stringify(file)});
    const all = JSON.parse(process.env.ORDERS);
    let booked = 0;
    for (let i = 0; i < all.length; i += ${BATCH}) {
      booked += (await books.enter(all.slice(i, i + ${BATCH}), String(process.pid), Date.now())).booked.length;
    }
    console.log(booked);`;
  const START_AT = String(Date.now() + START_MS);
  const run = () =>
    promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
      env: { ...process.env, START_AT, ORDERS: JSON.stringify(plain) },
    });
  const booked = (await Promise.all(Array.from({ length: PROCESSES }, run))).map(({ stdout }) =>
    Number(stdout),
  );

  expect(booked.reduce((sum, count) => sum + count, 0)).toBe(ORDERS);
  const { books } = await openBooks(file);
  expect(await books.count()).toBe(ORDERS);
  for (const { orderId } of placed) expect(await books.find(orderId)).toBeDefined();
});
