import { setTimeout as wait } from "node:timers/promises";
import { RedisBus } from "./adapters/redis-bus.ts";
import { SqliteLedger } from "./adapters/sqlite.ts";
import { readConfig } from "./config.ts";
import { catalogue } from "./domain/catalogue.ts";

/** Milliseconds to find Redis; replicas look into the ledger themselves when it stays away. */
const BUS_DEADLINE_MS = 1000;

/**
 * `node src/reset.ts` in a replica's container: initial stock, no orders, one event per product so that
 * every open page follows. Prints one line of JSON. Event ids go on where they were.
 */
const { databaseFile, redisUrl, kafkaBrokers } = readConfig();
const bus = new RedisBus({ url: redisUrl });
const ledger = await SqliteLedger.open(databaseFile, catalogue, { relay: kafkaBrokers.length > 0 });
try {
  const { events, ordersDeleted } = await ledger.reset(Date.now());
  const deadline = performance.now() + BUS_DEADLINE_MS;
  while (bus.state === "down" && performance.now() < deadline) await wait(10);
  for (const event of events) bus.publish(event);
  // Once Redis answers this, it has the events.
  await bus.probe().catch(() => {});
  process.stdout.write(`${JSON.stringify({ products: events.length, ordersDeleted })}\n`);
} finally {
  await bus.close();
  await ledger.close();
}
