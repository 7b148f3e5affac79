import type { AddressInfo } from "node:net";
import { Problem } from "@evenkeel/contracts";
import express from "express";
import { Registry } from "prom-client";
import { expect, onTestFinished, test } from "vitest";
import { AccessLog } from "../src/http/access-log.ts";
import { handleErrors, methodNotAllowed, notFound } from "../src/http/errors.ts";
import { identity } from "../src/http/identity.ts";
import { close, listen } from "../src/http/listening.ts";
import { HttpError } from "../src/http/problem.ts";
import { createHttpServer } from "../src/http/server.ts";
import { createLogger } from "../src/logger.ts";
import { requestMetrics } from "../src/request-metrics.ts";

/** A small app with everything the kit gives to all of them. */
async function serve() {
  const lines: string[] = [];
  const registry = new Registry();
  const log = createLogger(
    { format: "pretty", level: "info", instanceId: "4" },
    { write: (text) => void lines.push(text) },
  );
  const options = { instanceId: "4", backend: "kit-4:8000", lifecycle: { draining: false } };
  const accessLog = new AccessLog(log, requestMetrics(registry));
  const app = express();
  app.use(identity(options), accessLog.middleware());
  app
    .route("/tea")
    .get(() => {
      throw new HttpError(418, "tea.pot", "This is a teapot.");
    })
    .all(methodNotAllowed("GET, HEAD"));
  app.get("/broken", () => {
    throw new Error("a secret of the inside");
  });
  app.get("/own", () => {
    throw new RangeError("own");
  });
  app.use(notFound);
  const own = (error: unknown) =>
    error instanceof RangeError ? { status: 503, code: "own", detail: "One of ours." } : undefined;
  app.use(handleErrors(log, own));
  const server = createHttpServer(app, { ...options, onMalformed: () => {} });
  const port = await listen(server, 0, "127.0.0.1");
  onTestFinished(() => void server.close());
  const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  return { ask, lines, registry, server };
}

test.each([
  ["/tea", 418, "tea.pot"],
  ["/nowhere", 404, "route.unknown"],
  ["/own", 503, "own"],
  ["/broken", 500, "internal"],
])("%s answers %i as a problem, signed by its instance", async (path, status, code) => {
  const { ask } = await serve();
  const response = await ask(path, { headers: { "x-request-id": "r-1" } });
  expect(response.status).toBe(status);
  expect(response.headers.get("x-instance-id")).toBe("4");
  expect(Problem.parse(await response.json())).toMatchObject({ status, code, requestId: "r-1" });
});

test("what broke inside is in the log and not in the answer", async () => {
  const { ask, lines } = await serve();
  expect(await (await ask("/broken")).text()).not.toContain("secret");
  expect(lines.join("")).toContain("a secret of the inside");
});

test("a method that an address does not know is told which ones it knows", async () => {
  const response = await (await serve()).ask("/tea", { method: "DELETE" });
  expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});

test("requests are counted by the pattern of their route, never by their path", async () => {
  const { ask, registry } = await serve();
  await (await ask("/nowhere/12345")).text();
  await expect.poll(() => registry.metrics()).toContain('route="unmatched"');
  expect(await registry.metrics()).not.toContain("12345");
});

test("closing waits for nobody who is idle", async () => {
  const { ask, server } = await serve();
  await (await ask("/tea")).text();
  const { port } = server.address() as AddressInfo;
  expect(await close(server, 5000)).toBe(0);
  await expect(fetch(`http://127.0.0.1:${port}/tea`)).rejects.toThrow();
});
