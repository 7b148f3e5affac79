import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { closedLoop, flawlessRate } from "../../src/runtime/closed-loop.ts";

async function withServer<T>(listener: RequestListener, use: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
const load = { amount: 300, connections: 7, runId: "t", plan: () => ({ path: "/", key: "k" }) };

describe("closed loop", () => {
  it("counts every answer by replica, and sends exactly the amount", async () => {
    let turn = 0;
    const ids = new Set<string>();
    const result = await withServer(
      (request, response) => {
        ids.add(String(request.headers["x-request-id"]));
        response.setHeader("X-Instance-ID", String((turn++ % 3) + 1)).end("ok");
      },
      (url) => closedLoop({ ...load, url }),
    );
    expect(Object.fromEntries(result.perReplica)).toEqual({ 1: 100, 2: 100, 3: 100 });
    expect(result.unanswered).toBe(0);
    expect(turn).toBe(300);
    expect(ids.size).toBe(300);
  });

  it("counts other statuses as failed, not as shares", async () => {
    let turn = 0;
    const result = await withServer(
      (_, response) => response.writeHead(turn++ < 5 ? 502 : 200, { "X-Instance-ID": "1" }).end(),
      (url) => closedLoop({ ...load, url }),
    );
    expect(Object.fromEntries(result.failed)).toEqual({ 502: 5 });
    expect(result.perReplica.get("1")).toBe(295);
  });

  it("notices answers that never came, which autocannon itself does not report", async () => {
    let turn = 0;
    const result = await withServer(
      (request, response) =>
        turn++ % 50 === 49 ? request.socket.end() : response.setHeader("X-Instance-ID", "1").end("ok"),
      (url) => closedLoop({ ...load, url }),
    );
    expect(result.unanswered).toBe(6);
    expect(result.perReplica.get("1")).toBe(294);
  });

  it("takes a new connection when the server announces that it closes this one", async () => {
    let turn = 0;
    const result = await withServer(
      (_, response) => {
        response.setHeader("X-Instance-ID", "1");
        if (turn++ % 10 === 9) response.setHeader("Connection", "close");
        response.end("ok");
      },
      (url) => closedLoop({ ...load, url }),
    );
    expect(result.unanswered).toBe(0);
    expect(result.perReplica.get("1")).toBe(300);
  });

  it("does not count an answer whose body was cut off", async () => {
    let turn = 0;
    const result = await withServer(
      (request, response) => {
        response.setHeader("X-Instance-ID", "1");
        response.setHeader("Content-Length", "5000");
        if (turn++ === 100) {
          response.write("x".repeat(100));
          setImmediate(() => request.socket.destroy());
        } else response.end("x".repeat(5000));
      },
      (url) => closedLoop({ ...load, url }),
    );
    expect(result.unanswered).toBeGreaterThanOrEqual(1);
    expect((result.perReplica.get("1") ?? 0) + result.unanswered).toBe(300);
    // Autocannon waits for the rest of the body a few seconds.
  }, 20_000);

  it("says that nothing was measured when nobody answers", async () => {
    const url = await withServer(
      () => undefined,
      async (closed) => closed,
    );
    await expect(closedLoop({ ...load, amount: 7, url })).rejects.toThrow(/Nobody answered/);
  });

  it("refuses to call a load with errors a rate", async () => {
    let turn = 0;
    const rate = (fails: boolean) =>
      withServer(
        (_, response) => response.writeHead(fails && turn++ === 7 ? 502 : 200).end(),
        (url) => flawlessRate({ ...load, url }),
      );
    await expect(rate(true)).rejects.toThrow(/1 × 502/);
    expect(await rate(false)).toBeGreaterThan(0);
  });

  it("sends cookies back per client", async () => {
    let clients = 0;
    const result = await withServer(
      (request, response) => {
        const id = /who=(\d+)/.exec(request.headers.cookie ?? "")?.[1];
        if (!id) response.setHeader("Set-Cookie", `who=${clients++}; Path=/`);
        response.setHeader("X-Instance-ID", id ?? String(clients - 1)).end("ok");
      },
      (url) =>
        closedLoop({ ...load, url, cookies: true, plan: (_, client) => ({ path: "/", key: `c${client}` }) }),
    );
    expect(clients).toBe(7);
    for (const counts of result.perKey.values()) expect(counts.size).toBe(1);
  });
});
