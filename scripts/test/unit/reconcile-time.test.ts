import { ORDERS_TOPIC } from "@evenkeel/contracts";
import { afterEach, describe, expect, it, vi } from "vitest";
import { reconcile } from "../../src/lab/reconcile.ts";
import type { WaitOptions } from "../../src/lib/wait-until.ts";
import { agreeing, sale } from "./reconcile-fixtures.ts";

const audits = vi.hoisted(() => ({
  auditShop: vi.fn(),
  auditOutbox: vi.fn(),
  auditBooks: vi.fn(),
  readTopic: vi.fn(),
}));
const waits = vi.hoisted(() => ({ each: [] as [string, number][], now: 0 }));
vi.mock("../../src/runtime/audits.ts", () => audits);
vi.mock("../../src/runtime/docker.ts", () => ({
  labContainers: async () => [{ state: "running", health: "healthy", status: "Up" }],
}));
/** Each wait takes 50 s of a clock of its own, then what it awaits is there. */
vi.mock("../../src/lib/wait-until.ts", () => ({
  waitUntil: async (what: string, probe: () => Promise<boolean>, { deadlineMs }: WaitOptions) => {
    waits.each.push([what, deadlineMs]);
    waits.now += 50_000;
    return probe();
  },
}));
afterEach(() => vi.restoreAllMocks());

describe("a reconciliation", () => {
  it("gives each wait its own time, so that a long drain does not make orders look lost", async () => {
    vi.spyOn(performance, "now").mockImplementation(() => waits.now);
    const { shop, flow, acknowledged } = agreeing(sale(1), sale(2, "sea-chart"));
    audits.auditShop.mockResolvedValue([
      { kind: "outbox", newest: shop.newest, drainedThrough: 0 },
      ...shop.products.map((product) => ({ kind: "product", ...product })),
      ...shop.orders.map((order) => ({ kind: "order", ...order })),
    ]);
    audits.auditOutbox.mockResolvedValue({ drainedThrough: shop.newest });
    audits.readTopic.mockImplementation(async (topic) => (topic === ORDERS_TOPIC.name ? flow.topic : []));
    audits.auditBooks.mockResolvedValueOnce([]).mockResolvedValue(flow.books);
    const step = { progress: () => undefined };
    const signal = new AbortController().signal;
    const compared = await reconcile({ timeoutMs: 60_000, acknowledged, signal, step });
    expect(waits.each).toEqual([
      ["the outbox to drain", 60_000],
      ["a healthy instance of the orders app", 60_000],
      ["the orders app to book what Kafka holds", 60_000],
    ]);
    expect(compared).toMatchObject({ pass: true, complete: true, incomplete: null, differences: [] });
  });
});
