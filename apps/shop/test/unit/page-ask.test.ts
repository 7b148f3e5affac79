import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { keepAsking, TIMEOUT_MS } from "../../public/ask.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("the page goes on asking for the stock until it gets it, and says what failed", async () => {
  const answers = [
    () => Promise.reject(new TypeError("Failed to fetch")),
    () => Promise.resolve(Response.json({ detail: "The database is away." }, { status: 503 })),
    () => Promise.resolve(Response.json({ lastEventId: 1, stock: [] })),
  ];
  const asked = vi.fn((_path: string) => answers.shift()?.());
  vi.stubGlobal("fetch", asked);
  const failures: string[] = [];
  const stock = keepAsking("/stock", 3000, (sentence) => failures.push(sentence));
  await vi.advanceTimersByTimeAsync(2900);
  expect(asked).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(3200);
  expect(await stock).toEqual({ lastEventId: 1, stock: [] });
  expect(asked.mock.calls.map(([path]) => path)).toEqual(["/stock", "/stock", "/stock"]);
  expect(failures).toEqual([expect.stringContaining("No answer came"), "The database is away."]);
});

test("the page waits longer than the balancer tries", () => {
  const folder = join(import.meta.dirname, "../../../../nginx/snippets");
  const files = readdirSync(folder).filter((name) => name !== "event-stream.conf");
  const text = files.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  const seconds = (directive: string) => {
    const found = Array.from(text.matchAll(new RegExp(`^ *${directive} +(\\d+)s;`, "gm")), ([, n]) =>
      Number(n),
    );
    expect(found, directive).toHaveLength(1);
    return found[0]!;
  };
  const longest = seconds("proxy_next_upstream_timeout") + seconds("proxy_read_timeout");
  expect(TIMEOUT_MS).toBeGreaterThan(longest * 1000);
});
