import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { closedLoad } from "../../src/runtime/closed-loop.ts";
import { refuseUnkept, wasLimit } from "../../src/runtime/load/keeping.ts";
import { type OpenLoopOptions, openLoop } from "../../src/runtime/load/open-loop.ts";
import { requestText } from "../../src/runtime/load/request-text.ts";

interface Seen {
  url: string;
  requests: IncomingMessage[];
  bodies: string[];
  connections: number;
}
type Listener = (request: IncomingMessage, response: ServerResponse, n: number) => void;

async function withServer<T>(listener: Listener, use: (seen: Seen) => Promise<T>): Promise<T> {
  const seen: Seen = { url: "", requests: [], bodies: [], connections: 0 };
  const server = createServer(async (request, response) => {
    const n = seen.requests.push(request) - 1;
    let body = "";
    for await (const chunk of request) body += chunk;
    seen.bodies.push(body);
    listener(request, response, n);
  });
  server.on("connection", () => seen.connections++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  seen.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    return await use(seen);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
const get = { kind: "GET /", weight: 1, method: "GET", path: "/" };
const load: Omit<OpenLoopOptions, "url"> = {
  rate: 200,
  durationSeconds: 1,
  arrivals: "constant",
  seed: 1,
  connections: "keep-alive",
  mix: [get],
  runId: "t",
};
const good: Listener = (_, response) => response.setHeader("X-Instance-ID", "1").end("ok");

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

describe("closed loop's result", { timeout: 30_000 }, () => {
  it("has timeline, kinds, replicas, orders and latencies of each request", async () => {
    await withServer(
      (request, response, n) => {
        response.setHeader("X-Instance-ID", String((n % 2) + 1));
        if (request.method === "POST") response.writeHead(201).end(JSON.stringify({ orderId: `o-${n}` }));
        else setTimeout(() => response.end("ok"), 20);
      },
      async (seen) => {
        const purchase = {
          kind: "POST /p",
          weight: 1,
          method: "POST",
          path: "/p",
          body: "{}",
          uniqueHeader: "k",
        };
        const result = await closedLoad({
          url: seen.url,
          amount: 300,
          connections: 6,
          mix: [{ ...get, weight: 2 }, purchase],
          seed: 5,
          runId: "c",
        });
        const posts = seen.requests.filter(({ method }) => method === "POST");
        expect(result).toMatchObject({
          generator: "closed loop",
          scheduled: null,
          sent: 300,
          ok: 300,
          unanswered: 0,
        });
        expect(result.acknowledged.length).toBe(posts.length);
        expect(new Set(posts.map(({ headers }) => headers.k)).size).toBe(posts.length);
        expect(result.perKind["POST /p"]?.answers).toBe(posts.length);
        expect(result.perKind["GET /"]?.latency.p50).toBeGreaterThanOrEqual(18);
        expect(result.timeline.reduce((sum, { sent }) => sum + sent, 0)).toBe(300);
        expect(Object.keys(result.perReplica)).toEqual(["1", "2"]);
      },
    );
  });

  it("puts requests that were cut off among the unanswered", async () => {
    await withServer(
      (request, response, n) => (n % 50 === 49 ? request.socket.destroy() : response.end("ok")),
      async (seen) => {
        const result = await closedLoad({
          url: seen.url,
          amount: 300,
          connections: 6,
          mix: [get],
          seed: 5,
          runId: "c",
        });
        expect(result).toMatchObject({ sent: 300, ok: 294, unanswered: 6 });
        expect(result.timeline.reduce((sum, { unanswered }) => sum + unanswered, 0)).toBe(6);
      },
    );
  });

  it("ends early with what was answered", async () => {
    await withServer(good, async (seen) => {
      const stop = new AbortController();
      const result = await closedLoad({
        url: seen.url,
        amount: 1_000_000,
        connections: 4,
        mix: [get],
        seed: 5,
        runId: "c",
        signal: stop.signal,
        onProgress: (answers) => answers > 100 && stop.abort(),
      });
      expect(result.ok).toBeGreaterThan(100);
      expect(result).toMatchObject({ sent: result.ok, unanswered: 0 });
    });
  });
});

describe("refusal", () => {
  const kept = {
    scheduled: 10_000,
    sent: 10_000,
    late: 10,
    sendLag: { p50: 0.1, p99: 0.9, max: 30 },
    processor: { busiestThread: 0.5, seconds: 5 },
  };
  const code = (change: object) => {
    try {
      refuseUnkept({ ...kept, ...change });
      return "kept";
    } catch (error) {
      expect(error).toMatchObject({ exitCode: 2, hint: expect.stringContaining("--rate") });
      return (error as { code: string }).code;
    }
  };

  it("comes at one request in a thousand that left late or never", () => {
    expect(code({})).toBe("kept");
    expect(code({ late: 11 })).toBe("load.schedule");
    expect(code({ sent: 9989, late: 0 })).toBe("load.schedule");
  });

  it("comes when a thread used more than 80 % of a core", () => {
    expect(code({ processor: { busiestThread: 0.8, seconds: 5 } })).toBe("kept");
    expect(code({ processor: { busiestThread: 0.81, seconds: 5 } })).toBe("load.saturated");
  });

  it("does not come for a closed loop, which has no schedule; that it was the limit is a remark", () => {
    const closed = { scheduled: null, sent: 5, processor: { busiestThread: 0.95, seconds: 1 } };
    expect(() => refuseUnkept(closed)).not.toThrow();
    expect(wasLimit(closed)).toBe(true);
  });
});
