import { describe, expect, it } from "vitest";
import { pressedLoad } from "../../src/runtime/load/pressed-load.ts";
import { good, type Listener, withServer } from "../support/http-server.ts";

const press = (url: string, amount = 2000) =>
  pressedLoad({ url, path: "/", amount, connections: 8, runId: "p" });

describe("the open-loop generator as a closed loop", { timeout: 30_000 }, () => {
  it("sends every request once, over no more connections than it was given, and keeps all of them busy", async () => {
    let [open, most] = [0, 0];
    const counting: Listener = (request, response, n) => {
      most = Math.max(most, ++open);
      setImmediate(() => {
        open--;
        good(request, response, n);
      });
    };
    await withServer(counting, async (seen) => {
      const { ok, sent } = await press(seen.url);
      expect([ok, sent, seen.requests.length]).toEqual([2000, 2000, 2000]);
      expect(seen.connections).toBe(8);
      expect(most).toBe(8);
    });
  });

  it("measures how many a slow server answers, not how many it was sent", async () => {
    const slow: Listener = (request, response, n) => setTimeout(() => good(request, response, n), 50);
    await withServer(slow, async (seen) => {
      const { throughput } = await press(seen.url, 80);
      // Eight at a time, 50 ms each: at the most 160 a second, and timers may be a millisecond early.
      expect(throughput).toBeLessThan(165);
    });
  });

  it("is no measurement when a single answer was not good", async () => {
    const once: Listener = (request, response, n) =>
      n === 7 ? response.writeHead(503).end() : good(request, response, n);
    await withServer(once, async (seen) => {
      await expect(press(seen.url, 100)).rejects.toMatchObject({
        code: "load.failed",
        message: expect.stringContaining(
          '99 of 100 requests were answered with 2xx, 0 not at all; {"503":1}',
        ),
      });
    });
  });
});
