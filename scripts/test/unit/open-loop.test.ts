import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { refuseUnkept } from "../../src/runtime/load/keeping.ts";
import { type OpenLoopOptions, openLoop } from "../../src/runtime/load/open-loop.ts";
import { requestText } from "../../src/runtime/load/request-text.ts";
import { get, good, withServer } from "../support/http-server.ts";

const load: Omit<OpenLoopOptions, "url"> = {
  rate: 200,
  durationSeconds: 1,
  arrivals: "constant",
  seed: 1,
  connections: "keep-alive",
  mix: [get],
  runId: "t",
};

describe("open loop", { timeout: 30_000 }, () => {
  it("sends the whole schedule, each request with an id of its own, from several workers", async () => {
    await withServer(
      (_, response, n) => {
        response
          .setHeader("X-Instance-ID", String((n % 3) + 1))
          .setHeader("X-Strategy", "round-robin")
          .end("ok");
      },
      async (seen) => {
        const progress: number[] = [];
        const result = await openLoop({
          ...load,
          url: seen.url,
          workers: 2,
          onProgress: ({ answered }) => progress.push(answered),
        });
        expect(result).toMatchObject({ scheduled: 200, sent: 200, ok: 200, unanswered: 0, failed: {} });
        expect(new Set(seen.requests.map(({ headers }) => headers["x-request-id"]))).toEqual(
          new Set(Array.from({ length: 200 }, (_, n) => `t-${n}`)),
        );
        expect(result.strategies).toEqual({ "round-robin": 200 });
        const answers = Object.values(result.perReplica).map((replica) => replica.answers);
        expect(Object.keys(result.perReplica)).toEqual(["1", "2", "3"]);
        expect(answers.reduce((a, b) => a + b, 0)).toBe(200);
        expect(result.timeline[0]).toMatchObject({ second: 0, sent: 200, ok: 200 });
        expect(result.histogram.reduce((sum, [, count]) => sum + count, 0)).toBe(200);
        expect(progress.length).toBeGreaterThan(3);
        expect(progress).toEqual([...progress].sort((a, b) => a - b));
      },
    );
  });

  it("mixes kinds, gives each purchase its own key, and keeps the acknowledged orders", async () => {
    await withServer(
      (request, response, n) => {
        if (request.method === "POST") response.writeHead(201).end(JSON.stringify({ orderId: `o-${n}` }));
        else response.writeHead(404).end();
      },
      async (seen) => {
        const purchase = {
          kind: "POST /purchase",
          weight: 1,
          method: "POST",
          path: "/purchase",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ productId: "größe", quantity: 1 }),
          uniqueHeader: "idempotency-key",
        };
        const result = await openLoop({ ...load, url: seen.url, mix: [{ ...get, weight: 3 }, purchase] });
        const posts = seen.requests.filter(({ method }) => method === "POST");
        expect(posts.length).toBeGreaterThan(20);
        expect(posts.length).toBeLessThan(90);
        expect(new Set(posts.map(({ headers }) => headers["idempotency-key"])).size).toBe(posts.length);
        expect(seen.bodies.filter((body) => body !== "")).toEqual(posts.map(() => purchase.body));
        expect(result.acknowledged.length).toBe(posts.length);
        expect(result.perKind["POST /purchase"]?.answers).toBe(posts.length);
        expect(result.failed).toEqual({ 404: 200 - posts.length });
      },
    );
  });

  it("reuses connections, or opens one for each request", async () => {
    const count = (connections: "keep-alive" | "new") =>
      withServer(good, async (seen) => {
        const result = await openLoop({ ...load, url: seen.url, connections });
        expect(result.ok).toBe(200);
        return seen.connections;
      });
    expect(await count("new")).toBe(200);
    expect(await count("keep-alive")).toBeLessThan(100);
  });

  it("goes on sending while the server is silent, and measures from the intended time", async () => {
    const held: (() => void)[] = [];
    let silent = true;
    await withServer(
      (_, response) => (silent ? held.push(() => response.end("ok")) : response.end("ok")),
      async (seen) => {
        const result = await openLoop({
          ...load,
          url: seen.url,
          onProgress: ({ sent }) => {
            if (sent < 200) return;
            silent = false;
            for (const answer of held.splice(0)) answer();
          },
        });
        expect(result.ok).toBe(200);
        // The first was due a second before the silence ended, the one in the middle half a second.
        expect(result.latency.max).toBeGreaterThan(900);
        expect(result.latency.p50).toBeGreaterThan(400);
      },
    );
  });

  it("waits for a connection at the bound, and says that it was late", async () => {
    await withServer(
      (_, response) => setTimeout(() => response.end("ok"), 50),
      async (seen) => {
        const result = await openLoop({ ...load, url: seen.url, workers: 1, maxConnections: 4 });
        expect(seen.connections).toBe(4);
        expect(result.ok).toBe(200);
        // 4 connections carry 80 requests a second, so the last of 200 left 1.5 s after it was due.
        expect(result.sendLag?.max).toBeGreaterThan(1000);
        expect(result.latency.max).toBeGreaterThan(1000);
        expect(() => refuseUnkept(result)).toThrow(/did not keep its schedule/);
      },
    );
  });

  it("counts what is cut off, refused or too slow as unanswered, and repeats nothing", async () => {
    await withServer(
      (request, response, n) => {
        const socket = request.socket as Socket;
        if (n % 10 === 3) socket.destroy();
        else if (n % 10 === 5) {
          response.writeHead(200, { "Content-Length": 1000 });
          response.write("x");
          setImmediate(() => socket.destroy());
        } else if (n % 10 !== 7) response.end("ok");
      },
      async (seen) => {
        const result = await openLoop({
          ...load,
          url: seen.url,
          timeoutMs: 700,
          mix: [{ ...get, method: "POST", body: "x" }],
        });
        expect(result.sent).toBe(200);
        expect(seen.requests.length).toBe(200);
        expect(result.unanswered).toBe(60);
        expect(result.ok).toBe(140);
      },
    );
  });

  it("ends early with what was measured", async () => {
    await withServer(good, async (seen) => {
      const stop = new AbortController();
      const result = await openLoop({
        ...load,
        durationSeconds: 60,
        url: seen.url,
        signal: stop.signal,
        onProgress: ({ answered }) => answered >= 50 && stop.abort(),
      });
      expect(result.sent).toBeGreaterThanOrEqual(50);
      expect(result.sent).toBeLessThan(2000);
      expect(result.scheduled).toBe(result.sent);
      expect(result.ok).toBe(result.sent);
      expect(result.durationSeconds).toBeLessThan(10);
    });
  });

  it("says that nothing was measured when nobody answers", async () => {
    const url = await withServer(good, async (seen) => seen.url);
    await expect(openLoop({ ...load, url })).rejects.toThrow(/Nobody answered/);
  });

  it("refuses a request that would be another one on the wire", () => {
    const text = (entry: object) => () => requestText({ ...get, ...entry }, "h", "keep-alive");
    expect(text({ path: "/a b" })).toThrow(/cannot be sent/);
    expect(text({ path: "http://x/" })).toThrow(/cannot be sent/);
    expect(text({ headers: { a: "b\r\nc: d" } })).toThrow(/cannot be sent/);
    expect(text({})()("i")).toBe("GET / HTTP/1.1\r\nHost: h\r\nx-request-id: i\r\n\r\n");
  });
});
