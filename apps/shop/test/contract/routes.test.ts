import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  CartResponse,
  HealthResponse,
  Problem,
  ProductList,
  PurchaseResponse,
  StatusResponse,
  StockList,
} from "@evenkeel/contracts";
import { expect, test } from "vitest";
import type { z } from "zod";
import { rawHttp } from "../support/raw-http.ts";
import { shared, startReplica } from "../support/replica.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { until } from "../support/until.ts";

async function read<T>(response: Response, status: number, schema: z.ZodType<T>): Promise<T> {
  const body = await response.json();
  expect(response.status, JSON.stringify(body)).toBe(status);
  return schema.parse(body);
}

test("every answer follows its contract and is signed", async () => {
  const shop = await startReplica(shared(), { instanceId: "3" });
  const { products } = await read(await shop.fetch("/products"), 200, ProductList);
  expect(products).toHaveLength(12);
  const { stock } = await read(await shop.fetch("/stock"), 200, StockList);
  expect(stock.map(({ productId }) => productId)).toEqual(products.map(({ id }) => id));
  const receipt = await read(await shop.buy("spyglass", 2), 201, PurchaseResponse);
  expect(receipt).toMatchObject({ stock: 498, totalCents: 17800, eventId: 1 });
  expect(await read(await shop.fetch("/stock"), 200, StockList)).toMatchObject({ lastEventId: 1 });
  expect(await read(await shop.fetch("/health"), 200, HealthResponse)).toEqual({
    status: "ok",
    instanceId: "3",
  });
  await read(await shop.fetch("/cart"), 200, CartResponse);
  await read(await shop.fetch("/nowhere"), 404, Problem);
  await until(
    "Redis",
    async () =>
      (await read(await shop.fetch("/status"), 200, StatusResponse)).dependencies.redis?.status === "up",
  );
  const status = await read(await shop.fetch("/status"), 200, StatusResponse);
  expect(status).toMatchObject({
    status: "ready",
    instanceId: "3",
    version: "test",
    openStreams: 0,
    cart: "memory",
    dependencies: { database: { status: "up", required: true }, redis: { status: "up", required: false } },
  });

  for (const path of ["/products", "/stock", "/status", "/metrics", "/nowhere", "/%ff", "/shop", "/"]) {
    const { headers } = await shop.fetch(path, { redirect: "manual" });
    expect(headers.get("x-instance-id"), path).toBe("3");
    expect(headers.get("x-backend"), path).toBe("evenkeel-app-3:8000");
    expect(headers.get("x-request-id"), path).toMatch(/^[\w-]{36}$/);
    expect(headers.get("x-powered-by"), path).toBeNull();
  }
});

test("a well-formed request id is kept and logged, any other replaced", async () => {
  const shop = await startReplica(shared());
  const given = { "x-request-id": "req:1.a_b-c" };
  expect((await shop.fetch("/stock", { headers: given })).headers.get("x-request-id")).toBe("req:1.a_b-c");
  for (const bad of ["a b", "x".repeat(129), "<script>", "é"]) {
    const { headers } = await shop.fetch("/stock", { headers: { "x-request-id": bad } });
    expect(headers.get("x-request-id")).toMatch(/^[\w-]{36}$/);
  }
  await until("the log line", () =>
    shop.logLines.some((line) => /^\[Instance 1\] GET \/stock 200 \d+ms req=req:1\.a_b-c\n$/.test(line)),
  );
});

test("the catalogue is not sent again to who has it", async () => {
  const shop = await startReplica(shared());
  const etag = (await shop.fetch("/products")).headers.get("etag") ?? "";
  expect(etag).toMatch(/^"[\w-]{22}"$/);
  for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
    const response = await shop.fetch("/products", { headers: { "if-none-match": tag } });
    expect(response.status, tag).toBe(304);
    expect(response.headers.get("etag")).toBe(etag);
  }
  expect((await shop.fetch("/products", { headers: { "if-none-match": '"other"' } })).status).toBe(200);
  const head = await shop.fetch("/products", { method: "HEAD" });
  expect(head.status).toBe(200);
  expect(Number(head.headers.get("content-length"))).toBeGreaterThan(1000);
});

test("the page and its files are served, under their version for an hour", async () => {
  const publicFolder = temporaryFolder();
  writeFileSync(join(publicFolder, "index.html"), "<p>{{version}}</p>");
  writeFileSync(join(publicFolder, "page.ts"), "export const n: number = 1;");
  const shop = await startReplica(shared(), { publicFolder });
  const home = await shop.fetch("/", { redirect: "manual" });
  expect([home.status, home.headers.get("location")]).toEqual([302, "/shop"]);
  const page = await shop.fetch("/shop");
  expect(page.headers.get("content-type")).toMatch(/^text\/html/);
  expect(page.headers.get("cache-control")).toBe("no-cache");
  const version = /[0-9a-f]{12}/.exec(await page.text())?.[0];
  for (const [path, cache] of [
    ["/static/page.ts", "public, max-age=3600"],
    [`/static/${version}/page.ts`, "public, max-age=3600"],
    [`/static/${version}/page.js`, "public, max-age=3600"],
    // Another replica's page during a rolling update.
    ["/static/000000000000/page.ts", "no-store"],
  ] as const) {
    const file = await shop.fetch(path);
    expect(file.status, path).toBe(200);
    expect(file.headers.get("content-type"), path).toMatch(/^text\/javascript/);
    expect(file.headers.get("cache-control"), path).toBe(cache);
    expect(await file.text()).toMatch(/^export const n\s+= 1;$/);
  }
  expect((await shop.fetch("/static/index.html")).status).toBe(404);
});

test.each([
  "/static/../secret.ts",
  "/static/%2e%2e/secret.ts",
  "/static/..%2fsecret.ts",
  "/static/%2e%2e%2fsecret.ts",
  "/static/x/../../secret.ts",
  "/static//secret.ts",
  "/static/..\\secret.ts",
  "/static/%00../secret.ts",
])("%s leads to nothing outside the page's folder", async (path) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "secret.ts"), "export const secret = 1;");
  mkdirSync(join(folder, "public"));
  const shop = await startReplica(shared(), { publicFolder: join(folder, "public") });
  // As it is on the wire: fetch would resolve the dots before it sends.
  const answer = await rawHttp(shop.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1.1 404 .*X-Instance-ID: 1\r\n.*"code":"route.unknown"/s);
  expect(answer).not.toContain("secret");
});

test("a shop without a page says so", async () => {
  const shop = await startReplica(shared());
  await read(await shop.fetch("/shop"), 404, Problem);
});

test("metrics count by route pattern, never by path", async () => {
  const shop = await startReplica(shared(), { instanceId: "2" });
  for (const path of ["/stock", "/stock?x=1", "/a", "/b", "/static/x", "/static/y"]) await shop.fetch(path);
  await shop.buy("spyglass", 1);
  await shop.buy("no-such-thing", 1);
  await shop.fetch("/stock", { method: "DELETE" });
  const text = await until("all observations", async () => {
    const metrics = await (await shop.fetch("/metrics")).text();
    return metrics.includes('route="/stock",status="405"') && metrics;
  });
  const count = (route: string, status: number, method = "GET") =>
    Number(
      new RegExp(
        `http_request_duration_seconds_count{instance_id="2",method="${method}",route="${route}",status="${status}"} (\\d+)`,
      ).exec(text)?.[1],
    );
  expect(count("/stock", 200)).toBe(2);
  expect(count("unmatched", 404)).toBe(2);
  expect(count("/static/\\*path", 404)).toBe(2);
  expect(count("/purchase", 201, "POST")).toBe(1);
  expect(text).toContain('purchases_total{outcome="sold",instance_id="2"} 1');
  expect(text).toContain('purchases_total{outcome="product.unknown",instance_id="2"} 1');
  expect(text).toContain("nodejs_eventloop_lag_seconds");
  expect(text).not.toMatch(/route="\/(a|b|static\/x)"/);
});

test("probes and scrapes do not fill the log", async () => {
  const shop = await startReplica(shared());
  for (const path of ["/health", "/status", "/metrics", "/stock"]) await shop.fetch(path);
  await until("the log line", () => shop.logLines.some((line) => line.includes("GET /stock")));
  expect(shop.logLines.filter((line) => /\/(health|status|metrics)/.test(line))).toEqual([]);
});
