import { describe, expect, it } from "vitest";
import { closedLoad } from "../../src/runtime/closed-loop.ts";
import { get, good, withServer } from "../support/http-server.ts";

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
