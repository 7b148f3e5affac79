import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { PurchaseResponse, StatusResponse, StreamEvents } from "@evenkeel/contracts";
import { expect, onTestFinished, test } from "vitest";
import { EventClient } from "../support/event-client.ts";
import { type ShopProcess, sourceFolder, startProcess } from "../support/process.ts";
import { redisUrl } from "../support/replica.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

const start = (env: Record<string, string> = {}) =>
  startProcess({ DATABASE_FILE: join(temporaryFolder(), "shop.db"), DRAIN_MS: "300", ...env });

const buy = ({ url }: ShopProcess, productId = "hemp-rope") =>
  fetch(`${url}/purchase`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ productId, quantity: 1 }),
  });

/** A purchase whose body comes in two halves, so that it is surely in flight in between. */
function slowPurchase({ url }: ShopProcess) {
  const agent = new Agent({ keepAlive: true });
  const body = JSON.stringify({ productId: "spyglass", quantity: 1 });
  const sent = request(`${url}/purchase`, {
    method: "POST",
    agent,
    headers: { "content-type": "application/json", "content-length": body.length },
  });
  sent.write(body.slice(0, 10));
  const answer = new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    sent.on("error", reject);
    sent.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
  });
  return { finish: () => sent.end(body.slice(10)), answer };
}

test("SIGTERM: unready at once, still serving, streams sent away, requests finished, exit 0", async () => {
  const shop = await start();
  const stream = await EventClient.open(shop.url);
  await stream.first("snapshot");
  const slow = slowPurchase(shop);
  // Connections are taken in order: after this answer the purchase has begun, with its connection kept alive.
  expect((await fetch(`${shop.url}/health`)).ok).toBe(true);
  shop.child.kill("SIGTERM");

  const draining = await stream.first("draining");
  expect(StreamEvents.draining.parse(draining.data)).toEqual({ instanceId: "7" });
  expect(stream.retries).toEqual([1000, 250]);
  await until("the end of the stream", () => stream.ended);

  const status = await fetch(`${shop.url}/status`);
  expect([status.status, StatusResponse.parse(await status.json()).status]).toEqual([503, "draining"]);
  expect(status.headers.get("connection")).toBe("close");
  expect((await buy(shop)).status).toBe(201);
  // A browser that comes back here is sent on again, and not with an error, after which it would stop.
  const again = await EventClient.open(shop.url, 1);
  await again.first("draining");
  expect(again.response.statusCode).toBe(200);

  await until("closed doors", () =>
    fetch(`${shop.url}/health`).then(
      () => false,
      () => true,
    ),
  );
  expect(shop.child.exitCode).toBeNull();
  slow.finish();
  const { status: code, text } = await slow.answer;
  expect(code).toBe(201);
  PurchaseResponse.parse(JSON.parse(text));
  expect(await shop.exit).toBe(0);
  expect(shop.output()).toMatch(/POST \/purchase 201.*\n(.*\n)*\[Instance 7\] stopped\n$/);
  // The connection was kept alive by its client; it must not hold the replica until the deadline.
  expect(shop.output()).not.toContain("connections were cut");
});

test("20 times of 20: stopped under purchases and open streams, nothing acknowledged is lost", async () => {
  const databaseFile = join(temporaryFolder(), "shop.db");
  let acknowledged = 0;
  const endings: string[] = [];
  for (let round = 1; round <= 20; round++) {
    const shop = await startProcess({ DATABASE_FILE: databaseFile, DRAIN_MS: "60", LOG_FORMAT: "json" });
    const streams = await Promise.all([EventClient.open(shop.url), EventClient.open(shop.url)]);
    let failed = 0;
    let running = true;
    const buyers = Array.from({ length: 4 }, async (_, i) => {
      while (running) {
        const answer = await buy(shop, i % 2 === 0 ? "hemp-rope" : "sea-chart").catch((error) => {
          endings.push(error.cause?.code);
        });
        if (answer === undefined) return;
        if (answer.status === 201) acknowledged++;
        else if (answer.status !== 409) failed++;
        await answer.arrayBuffer();
      }
    });
    await until("sales", () => shop.output().split("/purchase").length > 5);
    shop.child.kill("SIGTERM");
    expect(await shop.exit, `round ${round}:\n${shop.output().slice(-2000)}`).toBe(0);
    running = false;
    await Promise.all(buyers);
    expect(failed).toBe(0);
    for (const stream of streams) {
      await until("the end of the stream", () => stream.ended);
      expect(stream.named("draining")).toHaveLength(1);
    }
  }
  const database = new DatabaseSync(databaseFile, { readOnly: true });
  const { orders } = database.prepare("SELECT count(*) AS orders FROM orders").get() as { orders: number };
  const balance = database.prepare(
    "SELECT sum(initial_stock - stock) - (SELECT sum(quantity) FROM orders) AS lost FROM products",
  );
  expect(balance.get()).toEqual({ lost: 0 });
  database.close();
  expect(acknowledged).toBeGreaterThan(20);
  // Each buyer ends at a closed door. Who knocks in the very microseconds of its closing is reset by the
  // kernel, unseen by Node and unsold (below); without the wait for a quiet moment that was most of them.
  expect(endings).toHaveLength(80);
  expect(endings.filter((code) => code === "ECONNREFUSED").length).toBeGreaterThan(40);
  // Every answer was waited for, so what was sold and what was acknowledged are the same.
  expect(orders).toBe(acknowledged);
}, 90_000);

test("a request that never ends is cut at the deadline, exit still 0", async () => {
  const shop = await start({ DRAIN_MS: "0", SHUTDOWN_MS: "200" });
  const slow = slowPurchase(shop);
  const cut = slow.answer.catch((error: NodeJS.ErrnoException) => error.code);
  expect((await fetch(`${shop.url}/health`)).ok).toBe(true);
  shop.child.kill("SIGTERM");
  expect(await shop.exit).toBe(0);
  expect(await cut).toMatch(/ECONNRESET|EPIPE/);
  expect(shop.output()).toContain("connections were cut at the deadline cut=1");
});

test.each([
  ["its code is loaded", 0, {}],
  ["it looks for its own name", 300, { INSTANCE_PREFIX: "no-such-name-" }],
  ["it waits for the database", 300, { INSTANCE_ID: "7" }],
])("SIGTERM while %s: nothing to finish, exit 0", async (_what, afterMs, env) => {
  const databaseFile = join(temporaryFolder(), "shop.db");
  const holder = new DatabaseSync(databaseFile);
  holder.exec("BEGIN IMMEDIATE");
  onTestFinished(() => holder.close());
  // The replica signals itself so long after it asked for this file: no race with how fast it starts.
  const hook = `import { registerHooks } from "node:module";
    const stop = () => process.kill(process.pid, "SIGTERM");
    registerHooks({ load(url, context, next) {
      if (url.endsWith("/src/replica.ts")) ${afterMs} === 0 ? stop() : setTimeout(stop, ${afterMs});
      return next(url, context);
    } });`;
  const importHook = ["--import", `data:text/javascript,${encodeURIComponent(hook)}`];
  const child = spawn(process.execPath, [...importHook, join(sourceFolder, "main.ts")], {
    env: { PATH: process.env.PATH, REDIS_URL: redisUrl, PORT: "0", DATABASE_FILE: databaseFile, ...env },
    stdio: "ignore",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  expect(await once(child, "exit")).toEqual([0, null]);
});

test("a second signal does not wait", async () => {
  const shop = await start({ DRAIN_MS: "60000" });
  shop.child.kill("SIGINT");
  await until("the drain", () => shop.output().includes("draining"));
  shop.child.kill("SIGINT");
  expect(await shop.exit).toBe(1);
});

test("an environment that is not usable ends with the reason", async () => {
  const run = promisify(execFile)(process.execPath, [join(sourceFolder, "main.ts")], {
    env: { PATH: process.env.PATH, PORT: "eighty" },
  });
  await expect(run).rejects.toMatchObject({ code: 1, stdout: expect.stringMatching(/not usable.*PORT/s) });
});

test("reset refills the shop and open streams hear of it", async () => {
  const databaseFile = join(temporaryFolder(), "shop.db");
  const shop = await startProcess({ DATABASE_FILE: databaseFile, DRAIN_MS: "0" });
  const stream = await EventClient.open(shop.url);
  await stream.first("snapshot");
  for (let i = 0; i < 3; i++) expect((await buy(shop)).status).toBe(201);
  const { stdout } = await promisify(execFile)(process.execPath, [join(sourceFolder, "reset.ts")], {
    env: { PATH: process.env.PATH, DATABASE_FILE: databaseFile, REDIS_URL: process.env.REDIS_URL },
  });
  expect(JSON.parse(stdout)).toEqual({ products: 12, ordersDeleted: 3 });
  await stream.untilId(15);
  expect(stream.ids).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
  const reset = stream
    .named("stock")
    .slice(3)
    .map(({ data }) => StreamEvents.stock.parse(data));
  expect(reset.map(({ sold, instanceId }) => [sold, instanceId])).toEqual(Array(12).fill([0, ""]));
  expect(reset.find(({ productId }) => productId === "hemp-rope")?.stock).toBe(500);
  expect(PurchaseResponse.parse(await (await buy(shop)).json()).eventId).toBe(16);
});
