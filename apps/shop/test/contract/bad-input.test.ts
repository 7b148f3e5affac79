import { DatabaseSync } from "node:sqlite";
import { PROBLEM_TYPE, Problem } from "@evenkeel/contracts";
import { expect, test } from "vitest";
import { rawHttp } from "../support/raw-http.ts";
import { type Running, shared, startReplica } from "../support/replica.ts";
import { until } from "../support/until.ts";

const json = { "content-type": "application/json" };
const good = JSON.stringify({ productId: "spyglass", quantity: 1 });

/** Sends, checks the form that all refusals share, and returns the problem. */
async function refusal(shop: Running, status: number, path: string, init: RequestInit): Promise<Problem> {
  const response = await shop.fetch(path, init);
  const text = await response.text();
  expect(response.status, text).toBe(status);
  expect(response.headers.get("content-type")).toBe(PROBLEM_TYPE);
  expect(response.headers.get("x-instance-id")).toBe("1");
  const problem = Problem.parse(JSON.parse(text));
  expect(problem.status).toBe(status);
  expect(problem.requestId).toBe(response.headers.get("x-request-id"));
  expect(text).not.toMatch(/node_modules|\.ts:|\\n +at /);
  return problem;
}

const post = (body: string, headers: Record<string, string> = json) => ({ method: "POST", headers, body });

test.each([
  ["not JSON", "{", "request.json"],
  ["a bare value", '"x"', "request.json"],
  ["nothing", "", "request.invalid"],
  ["a list", "[]", "request.invalid"],
  ["an empty object", "{}", "request.invalid"],
  ["a quantity of text", '{"productId":"spyglass","quantity":"1"}', "request.invalid"],
  ["a quantity of zero", '{"productId":"spyglass","quantity":0}', "request.invalid"],
  ["a fraction", '{"productId":"spyglass","quantity":1.5}', "request.invalid"],
  ["too many", '{"productId":"spyglass","quantity":11}', "request.invalid"],
  ["a number beyond all numbers", '{"productId":"spyglass","quantity":1e999}', "request.invalid"],
  ["an unknown field", '{"productId":"spyglass","quantity":1,"price":1}', "request.invalid"],
  ["a poisoned field", '{"productId":"spyglass","quantity":1,"__proto__":{"x":1}}', "request.invalid"],
  ["an endless id", `{"productId":"${"x".repeat(65)}","quantity":1}`, "request.invalid"],
])("400 for %s", async (_what, body, code) => {
  const shop = await startReplica(shared());
  const problem = await refusal(shop, 400, "/purchase", post(body));
  expect(problem.code).toBe(code);
  if (code === "request.invalid") expect(problem.errors?.length).toBeGreaterThan(0);
  expect((await shop.ledger.stock()).lastEventId).toBe(0);
});

test("each wrong field is named", async () => {
  const shop = await startReplica(shared());
  const body = JSON.stringify({ productId: "", quantity: 99, colour: "red" });
  const { errors } = await refusal(shop, 400, "/purchase", post(body));
  expect(errors?.map(({ path }) => path).sort()).toEqual(["colour", "productId", "quantity"]);
});

test("an array in the JSON of thousands of unknown fields gives a short answer", async () => {
  const shop = await startReplica(shared());
  const many = Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`f${i}`, 1]));
  const { errors } = await refusal(shop, 400, "/purchase", post(JSON.stringify(many)));
  expect(errors).toHaveLength(20);
});

test("400 for a malformed Idempotency-Key", async () => {
  const shop = await startReplica(shared());
  for (const key of ["two words", "x".repeat(129), "", "ü"]) {
    const init = post(good, { ...json, "idempotency-key": key });
    expect((await refusal(shop, 400, "/purchase", init)).code).toBe("idempotency.malformed");
  }
});

test("404 for an unknown product and an unknown address", async () => {
  const shop = await startReplica(shared());
  const unknown = post(JSON.stringify({ productId: "__proto__", quantity: 1 }));
  expect((await refusal(shop, 404, "/purchase", unknown)).code).toBe("product.unknown");
  expect((await refusal(shop, 404, "/cart", { ...unknown, method: "PUT" })).code).toBe("product.unknown");
  const slashed = ["/metrics/", "/events/", "/health/", "/status/", "/products/", "/purchase/", "/shop/"];
  for (const path of ["/x", "/purchase/1", "/SHOP", "/constructor", ...slashed]) {
    expect((await refusal(shop, 404, path, {})).code).toBe("route.unknown");
  }
});

test("405 names what is allowed", async () => {
  const shop = await startReplica(shared());
  for (const [method, path, allow] of [
    ["GET", "/purchase", "POST"],
    ["DELETE", "/products", "GET, HEAD"],
    ["POST", "/cart", "GET, HEAD, PUT, DELETE"],
    ["POST", "/events", "GET, HEAD"],
    ["OPTIONS", "/stock", "GET, HEAD"],
    ["PATCH", "/static/x.js", "GET, HEAD"],
  ] as const) {
    expect((await refusal(shop, 405, path, { method })).code).toBe("method.not-allowed");
    expect((await shop.fetch(path, { method })).headers.get("allow")).toBe(allow);
  }
});

test("409 when there is not enough, and for a key of another order", async () => {
  const shop = await startReplica(shared());
  for (let i = 0; i < 5; i++) expect((await shop.buy("last-lantern", 9)).status).toBe(201);
  const tooMany = post(JSON.stringify({ productId: "last-lantern", quantity: 6 }));
  const problem = await refusal(shop, 409, "/purchase", tooMany);
  expect(problem).toMatchObject({
    code: "stock.insufficient",
    detail: expect.stringContaining("5 are left"),
  });
  expect((await shop.buy("spyglass", 1, "k")).status).toBe(201);
  const other = post(JSON.stringify({ productId: "spyglass", quantity: 2 }), {
    ...json,
    "idempotency-key": "k",
  });
  expect((await refusal(shop, 409, "/purchase", other)).code).toBe("idempotency.mismatch");
});

test("413 above 16 KiB, also when no length was announced", async () => {
  const shop = await startReplica(shared());
  const large = `{"productId":"${"x".repeat(17_000)}"}`;
  expect((await refusal(shop, 413, "/purchase", post(large))).code).toBe("request.too-large");
  const streamed = new Blob([large]).stream();
  const init = { method: "POST", headers: json, body: streamed, duplex: "half" } as RequestInit;
  await refusal(shop, 413, "/purchase", init);
});

test("415 for anything but plain JSON in UTF-8", async () => {
  const shop = await startReplica(shared());
  for (const headers of [
    { "content-type": "text/plain" },
    { "content-type": "application/x-www-form-urlencoded" },
    { "content-type": "application/json-patch+json" },
    { "content-type": "application/json; charset=latin1" },
    { "content-type": "application/json", "content-encoding": "gzip" },
  ]) {
    expect((await refusal(shop, 415, "/purchase", post(good, headers))).code).toBe("request.media-type");
    await refusal(shop, 415, "/cart", { ...post(good, headers), method: "PUT" });
  }
  const utf8 = post(good, { "content-type": 'Application/JSON; charset="utf-8"' });
  expect((await shop.fetch("/purchase", utf8)).status).toBe(201);
});

test("400 for a % that begins nothing", async () => {
  const shop = await startReplica(shared());
  for (const path of ["/%", "/static/%ff", "/shop?x=%zz", "/%E0%A4%A"]) {
    expect((await refusal(shop, 400, path, {})).code).toBe("request.encoding");
  }
});

test.each([
  ["no HTTP", "hello\r\n\r\n", 400],
  ["a control character in the path", "GET /a\x1b[31mb HTTP/1.1\r\nHost: x\r\n\r\n", 400],
  ["a carriage return in the path", "GET /a\rb HTTP/1.1\r\nHost: x\r\n\r\n", 400],
  ["a line feed in the path", "GET /a\nb HTTP/1.1\r\nHost: x\r\n\r\n", 400],
  ["a byte that terminals take for a line break", "GET /a\x85b HTTP/1.1\r\nHost: x\r\n\r\n", 400],
  ["no Host", "GET /products HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
  [
    "two lengths",
    "POST /purchase HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    400,
  ],
  [
    "length and chunks",
    "POST /purchase HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    400,
  ],
  ["endless headers", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
  ["CONNECT", "CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n", 405],
])("%s on the wire is answered and signed, and the shop lives on", async (_what, bytes, status) => {
  const shop = await startReplica(shared());
  const answer = await rawHttp(shop.port, Buffer.from(bytes, "latin1"));
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(head).toMatch(/^X-Instance-ID: 1$/m);
  expect(head).toMatch(/^X-Request-ID: [\w-]{36}$/m);
  expect(Problem.parse(JSON.parse(body)).status).toBe(status);
  expect((await shop.fetch("/health")).status).toBe(200);
  await until(
    "one log line",
    () => shop.logLines.filter((line) => line.includes(` ${status} `)).length === 1,
  );
  expect(shop.logLines.every((line) => /^\[Instance 1\] [\x20-\x7e]+\n$/.test(line))).toBe(true);
});

test("an unknown expectation is served, not refused without a signature", async () => {
  const shop = await startReplica(shared());
  const bytes = "GET /health HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\nConnection: close\r\n\r\n";
  expect(await rawHttp(shop.port, bytes)).toMatch(/^HTTP\/1.1 200 OK\r\n.*X-Instance-ID: 1\r\n/s);
});

test("a client that gives up half-way is logged as 499 and harms nobody", async () => {
  const shop = await startReplica(shared());
  const controller = new AbortController();
  const body = new ReadableStream({ start: (sink) => sink.enqueue(Buffer.from('{"productId":')) });
  const init = { ...post(""), body, duplex: "half", signal: controller.signal } as RequestInit;
  const aborted = shop.fetch("/purchase", init).catch(() => "aborted");
  await until(
    "the connection",
    () => new Promise<boolean>((done) => shop.server.getConnections((_, n) => done(n > 0))),
  );
  controller.abort();
  expect(await aborted).toBe("aborted");
  await until("its log line", () => shop.logLines.some((line) => line.includes("POST /purchase 499")));
  expect((await shop.fetch("/health")).status).toBe(200);
});

test("a client that leaves while its purchase waits for the database harms nobody", async () => {
  const on = shared();
  const shop = await startReplica(on);
  const other = new DatabaseSync(on.databaseFile);
  other.exec("BEGIN IMMEDIATE");
  const controller = new AbortController();
  const left = shop.fetch("/purchase", { ...post(good), signal: controller.signal }).catch(() => "left");
  await until(
    "the connection",
    () => new Promise<boolean>((done) => shop.server.getConnections((_, n) => done(n > 0))),
  );
  controller.abort();
  expect(await left).toBe("left");
  await until("its log line", () => shop.logLines.some((line) => line.includes("POST /purchase 499")));
  other.exec("COMMIT");
  other.close();
  expect((await shop.buy("spyglass", 1)).status).toBe(201);
});

test("a database that stays held is a 503 that says when to come back", async () => {
  const on = shared();
  const shop = await startReplica(on);
  const other = new DatabaseSync(on.databaseFile);
  other.exec("BEGIN IMMEDIATE");
  const pending = shop.buy("spyglass", 1);
  expect((await shop.fetch("/stock")).status).toBe(200);
  expect((await shop.fetch("/status")).status).toBe(200);
  const answer = await pending;
  other.exec("ROLLBACK");
  other.close();
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(Problem.parse(await answer.json()).code).toBe("store.busy");
  expect((await shop.ledger.stock()).lastEventId).toBe(0);
  expect(shop.logLines.join("")).toMatch(/error: request failed: store\.busy.*caused by/s);
});
