import { join } from "node:path";
import { BooksAuditLine, OrdersStatus } from "@evenkeel/contracts";
import { expect, test } from "vitest";
import { SESSION_TIMEOUT_MS } from "../../src/adapters/kafka-session.ts";
import { openBooks } from "../support/books.ts";
import { order } from "../support/messages.ts";
import { run, startProcess } from "../support/process.ts";
import { publish } from "../support/servers.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

const DEADLINE_MS = 45_000;
const KILLS = 4;
/** Each victim is missed for eight seconds; and where orders are lost, the wait for them must end first. */
const KILLED_TIMEOUT_MS = 300_000;

/** Small and good enough to repeat a run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

test(
  "killed in the middle again and again, an instance books each order exactly once",
  async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
    const next = random(seed);
    const databaseFile = join(temporaryFolder(), "orders.db");
    const { books } = await openBooks(databaseFile);
    const start = (instanceId: string) =>
      startProcess({ DATABASE_FILE: databaseFile, INSTANCE_ID: instanceId });
    const placed: string[] = [];
    for (let round = 0; round < KILLS; round++) {
      const orders = Array.from({ length: 5000 }, (_, i) =>
        order(placed.length + i + 1, { productId: `kill-${i % 20}` }),
      );
      for (let i = 0; i < orders.length; i += 500) await publish(orders.slice(i, i + 500));
      placed.push(...orders.map(({ orderId }) => orderId));
      // A random number of bookings later: in the middle of a batch, of a commit, or between the two. Counted from
      // before the start: what is booked by the time the start was noticed may be nearly all there is.
      const enough = (await books.count()) + 1 + Math.floor(next() * 3000);
      const victim = await start(String(round));
      await victim.until(
        `round ${round}: ${enough} bookings (seed ${seed})`,
        async () => (await books.count()) >= enough,
        DEADLINE_MS,
      );
      victim.child.kill("SIGKILL");
      expect(await victim.exit).toBe("SIGKILL");
    }
    const last = await start("last");
    // Each of them, not as many: the topic may hold orders of other tests, which are booked as well.
    const missing = new Set(placed);
    const complete = async () => {
      for (const id of missing) {
        if ((await books.find(id)) === undefined) return false;
        missing.delete(id);
      }
      return true;
    };
    await last.until(`all bookings (seed ${seed})`, complete, DEADLINE_MS);
    last.child.kill("SIGTERM");
    expect(await last.exit).toBe(0);

    const { code, lines } = await run("audit.ts", [], { DATABASE_FILE: databaseFile });
    expect(code).toBe(0);
    const audited = lines.map((line) => BooksAuditLine.parse(JSON.parse(line)).orderId);
    const own = new Set(placed);
    expect(audited.filter((id) => own.has(id)).toSorted(), `seed ${seed}`).toEqual(placed.toSorted());
    expect(new Set(audited).size).toBe(audited.length);
  },
  KILLED_TIMEOUT_MS,
);

test("SIGTERM: unready, out of the group at once, exit 0", async () => {
  const env = { DATABASE_FILE: join(temporaryFolder(), "orders.db") };
  const leaver = await startProcess({ ...env, INSTANCE_ID: "1" });
  const stayer = await startProcess({ ...env, INSTANCE_ID: "2" });
  const partitions = async (url: string) =>
    OrdersStatus.parse(await (await fetch(`${url}/status`)).json()).partitions.length;
  await until("the share of the leaver", async () => (await partitions(leaver.url)) === 3, DEADLINE_MS);
  await until("the share of the stayer", async () => (await partitions(stayer.url)) === 3, DEADLINE_MS);
  const told = performance.now();
  leaver.child.kill("SIGTERM");
  await until("all partitions", async () => (await partitions(stayer.url)) === 6, DEADLINE_MS);
  expect(performance.now() - told).toBeLessThan(SESSION_TIMEOUT_MS);
  expect(await leaver.exit).toBe(0);
  expect(leaver.output()).toMatch(/leaving the group signal=SIGTERM[\s\S]*stopped/);
});
