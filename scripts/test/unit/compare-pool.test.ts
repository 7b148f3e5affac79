import { beforeEach, describe, expect, it, vi } from "vitest";
import { Pool, seats } from "../../src/lab/compare-pool.ts";
import type { LabContainer } from "../../src/runtime/docker.ts";
import type { Settings } from "../../src/runtime/settings.ts";

const runtime = vi.hoisted(() => ({
  takeFromPool: vi.fn(),
  waitForPool: vi.fn(async () => undefined),
  reloadNginx: vi.fn(async () => undefined),
  recordComparing: vi.fn(),
}));
vi.mock("../../src/runtime/pool-member.ts", () => ({ takeFromPool: runtime.takeFromPool }));
vi.mock("../../src/runtime/door.ts", () => ({ waitForPool: runtime.waitForPool, nearestDoor: vi.fn() }));
vi.mock("../../src/runtime/lab-events.ts", () => ({ recordComparing: runtime.recordComparing }));
vi.mock("../../src/runtime/strategy.ts", () => ({
  reloadNginx: runtime.reloadNginx,
  activateStrategy: vi.fn(),
  activeStrategy: vi.fn(),
}));

const replicas = [1, 2, 3].map((ordinal) => ({ id: `id-${ordinal}`, ordinal }) as LabContainer);
const signal = new AbortController().signal;
/** Who is away now; "bring back 2 fails" is up to the test. */
let away: Set<string>;
let stuck: string | undefined;
/** What Prometheus was told, and how many were away at that moment. */
let told: { comparing: boolean; away: number }[];

beforeEach(() => {
  vi.clearAllMocks();
  away = new Set();
  stuck = undefined;
  told = [];
  runtime.recordComparing.mockImplementation(async (comparing: boolean) => {
    told.push({ comparing, away: away.size });
  });
  runtime.takeFromPool.mockImplementation(async ({ id }: LabContainer) => {
    away.add(id);
    return {
      [Symbol.asyncDispose]: async () => {
        if (id === stuck) throw new Error(`${id} cannot be brought back`);
        away.delete(id);
      },
    };
  });
});

describe("a pool of warm replicas", () => {
  it("is changed by bringing replicas out of sight and back, and all of them return", async () => {
    {
      await using pool = new Pool(replicas, {} as Settings);
      await pool.be(replicas.slice(1, 2), signal);
      expect([...away]).toEqual(["id-1", "id-3"]);
      expect(runtime.waitForPool).toHaveBeenLastCalledWith(expect.anything(), ["2"], signal);
      await pool.be(replicas.slice(0, 2), signal);
      expect([...away]).toEqual(["id-3"]);
      await pool.be(replicas.slice(0, 2), signal);
      expect(runtime.reloadNginx).toHaveBeenCalledTimes(2);
    }
    expect([...away]).toEqual([]);
    // Told before the first is gone, and taken back when the last has returned: else their absence is an alarm.
    expect(told).toEqual([
      { comparing: true, away: 0 },
      { comparing: false, away: 0 },
    ]);
  });

  it("brings the others back when one cannot be, and says so", async () => {
    const pool = new Pool(replicas, {} as Settings);
    await pool.be([], signal);
    stuck = "id-2";
    await expect(pool[Symbol.asyncDispose]()).rejects.toThrow("id-2 cannot be brought back");
    expect([...away]).toEqual(["id-2"]);
    expect(runtime.recordComparing).toHaveBeenLastCalledWith(false);
  });

  it("tries again at its end what failed in between", async () => {
    const pool = new Pool(replicas, {} as Settings);
    await pool.be(replicas.slice(0, 2), signal);
    stuck = "id-3";
    await expect(pool.be(replicas, signal)).rejects.toThrow();
    stuck = undefined;
    await pool[Symbol.asyncDispose]();
    expect([...away]).toEqual([]);
  });
});

describe("cores during a comparison", () => {
  it.each([
    { cores: 2, most: 4, cpus: 0.2, replicas: "1", nginx: "0" },
    { cores: 3, most: 4, cpus: 0.2, replicas: "1-2", nginx: "0" },
    { cores: 8, most: 4, cpus: 0.5, replicas: "4-7", nginx: "0-3" },
  ])("on $cores cores $most replicas of $cpus get $replicas", ({ cores, most, cpus, replicas, nginx }) => {
    expect(seats(cores, most, cpus)).toEqual({ replicas, nginx });
  });

  it("are shared where the caps would not fit into one half, or there is no half", () => {
    expect(seats(2, 4, 0.25)).toBeNull();
    expect(seats(2, 10, 0.1)).toBeNull();
    expect(seats(1, 2, 0.2)).toBeNull();
  });
});
