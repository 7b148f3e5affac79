import { randomUUID } from "node:crypto";
import { defineBenchmark, list } from "../lab/benchmark.ts";
import { LabError } from "../lib/errors.ts";
import { median } from "../lib/statistics.ts";
import { closedLoad } from "../runtime/closed-loop.ts";
import type { MixEntry } from "../runtime/load/options.ts";
import { baseUrl, settings } from "../runtime/settings.ts";
import { deepShelves, inReplica, PURCHASES } from "./parts/deep-shelves.ts";

const REPEATS = 5;
const REQUESTS = 4000;
const TRANSACTIONS = 5000;

export default defineBenchmark({
  summary: "Purchases through nginx, against what the application and SQLite could do alone",
  async run({ say, signal }) {
    await using _ = await deepShelves();
    const [sold, refused, bare]: [number[], number[], number[]] = [[], [], []];
    await rate(PURCHASES, 201, signal); // warm-up, for the compiler
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      sold.push(await rate(PURCHASES, 201, signal));
      refused.push(await rate(UNKNOWN, 404, signal));
      bare.push(Number(await inReplica(["node", "-e", BARE_SQLITE])));
    }
    say(`purchases ${list(sold)}; refused unread ${list(refused)}; bare SQLite ${list(bare)} per second`);
    const figures = [median(sold), median(refused), median(bare)];
    return [
      {
        name: "purchases / min(application without database, bare SQLite transactions)",
        value: median(sold) / Math.min(median(refused), median(bare)),
        unit: "ratio",
        goal: { atLeast: 0.5 },
        detail: `medians of ${REPEATS} in turn, per second: ${list(figures)}`,
      },
    ];
  },
});

/** The same way through nginx, JSON and Express, refused before the database is asked: what the processor allows. */
const UNKNOWN: MixEntry[] = PURCHASES.slice(0, 1).map((purchase) => ({
  ...purchase,
  body: JSON.stringify({ productId: "no-such-thing", quantity: 1 }),
}));

/** Requests per second. @throws LabError unless every answer has the wanted status: quick errors are no speed. */
async function rate(mix: MixEntry[], wanted: number, signal: AbortSignal): Promise<number> {
  const result = await closedLoad({
    url: baseUrl(settings()).href,
    amount: REQUESTS,
    connections: 20,
    mix,
    seed: 1,
    runId: `bench-${randomUUID().slice(0, 8)}`,
    signal,
  });
  signal.throwIfAborted();
  const good = wanted === 201 ? result.ok : (result.failed[wanted] ?? 0);
  if (good === REQUESTS) return result.throughput;
  throw new LabError(
    `Only ${good} of ${REQUESTS} requests were answered with ${wanted}: ${JSON.stringify(result.failed)}.`,
    { code: "load.failed" },
  );
}

/** The statements of one purchase (apps/shop/src/adapters/sqlite.ts) in a loop, in a file of its own on the same volume. */
const BARE_SQLITE = `
  const { DatabaseSync } = require("node:sqlite");
  const { rmSync } = require("node:fs");
  const file = "/data/bench.db";
  const drop = () => ["", "-wal", "-shm"].forEach((end) => rmSync(file + end, { force: true }));
  drop();
  const db = new DatabaseSync(file);
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  db.exec("CREATE TABLE products (id TEXT PRIMARY KEY, stock INTEGER)");
  db.exec("CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT, key TEXT, payload TEXT, at INTEGER)");
  db.exec("CREATE TABLE orders (id TEXT PRIMARY KEY, product TEXT, quantity INTEGER, event INTEGER, key TEXT UNIQUE) WITHOUT ROWID");
  db.exec("INSERT INTO products VALUES ('rope', 100000000)");
  const take = db.prepare("UPDATE products SET stock = stock - 1 WHERE id = 'rope' AND stock >= 1 RETURNING stock");
  const event = db.prepare("INSERT INTO outbox (type, key, payload, at) VALUES ('order.booked', 'rope', ?, ?) RETURNING id");
  const order = db.prepare("INSERT INTO orders VALUES (?, 'rope', 1, ?, ?)");
  const payload = JSON.stringify({ stock: 1, sold: 1, instanceId: "1", orderId: crypto.randomUUID(), totalCents: 2400 });
  const start = performance.now();
  for (let i = 0; i < ${TRANSACTIONS}; i++) {
    db.exec("BEGIN IMMEDIATE");
    take.get();
    order.run(crypto.randomUUID(), event.get(payload, Date.now()).id, crypto.randomUUID());
    db.exec("COMMIT");
  }
  const seconds = (performance.now() - start) / 1000;
  db.close();
  drop();
  console.log(${TRANSACTIONS} / seconds);
`;
