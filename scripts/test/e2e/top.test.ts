import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { TopSample } from "../../src/lab/top-sample.ts";
import { waitUntil } from "../../src/lib/wait-until.ts";
import { activeServices } from "../../src/runtime/compose.ts";
import { kill, start } from "../../src/runtime/docker.ts";
import { lab, labOk, labUntilInterrupted, replica } from "./harness.ts";
import { allHealthy } from "./order-flow.ts";
import { Purchaser } from "./purchaser.ts";

const RATE = 20;

/** One sample over some seconds; a second one when something did not answer in time, as on a busy machine. */
async function sampled(seconds: number, isWhole: (sample: TopSample) => boolean): Promise<TopSample> {
  const take = async () => (await labOk("top", ["--once", "--interval", String(seconds)])).json<TopSample>();
  const first = await take();
  return isWhole(first) ? first : take();
}

describe("lab top", () => {
  beforeAll(async () => void (await labOk("up")));
  beforeEach(async () => void (await labOk("reset")));
  afterAll(async () => void (await labOk("up")));

  it("shows what customers ask of each replica, and what every container costs", async () => {
    await using customer = new Purchaser(RATE);
    await customer.sells(RATE);
    const sample = await sampled(
      10,
      ({ replicas, orders }) =>
        replicas.every(({ p99Ms, cpu }) => p99Ms !== null && cpu !== null) &&
        orders.backlog !== null &&
        orders.lag !== null,
    );
    await customer.end();
    expect(sample.replicas.map(({ ordinal }) => ordinal)).toEqual([1, 2]);
    for (const one of sample.replicas) {
      expect(one.share).toBeGreaterThan(0.4);
      expect(one.p99Ms).toBeGreaterThan(0);
      expect(one.cpu).toBeGreaterThan(0);
      expect(one.memory).toBeGreaterThan(20 * 1024 ** 2);
      expect(one.streams).toBe(0);
    }
    // Whether it counts too much shows without traffic, below; here a machine that stalls may bunch requests.
    expect(sample.requestsPerSecond).toBeGreaterThan(RATE * 0.5);
    expect(sample.requestsPerSecond).toBeLessThan(RATE * 1.5);
    const services = new Set(["app", ...sample.others.map(({ service }) => service)]);
    expect([...services].sort()).toEqual((await activeServices()).sort());
    expect(sample.orders).toMatchObject({ backlog: expect.any(Number), lag: expect.any(Number) });
  });

  it("counts no health check, no scrape and no question of its own as a request", async () => {
    const sample = await sampled(5, ({ replicas }) =>
      replicas.every(({ requestsPerSecond }) => requestsPerSecond !== null),
    );
    expect(sample.replicas.map(({ requestsPerSecond }) => requestsPerSecond)).toEqual([0, 0]);
    expect(sample.requestsPerSecond).toBe(0);
  });

  it("goes on while a replica dies and comes back, and ends with 0 on Ctrl-C", async () => {
    await using customer = new Purchaser(RATE);
    const { id } = await replica(2);
    await using top = labUntilInterrupted("top");
    let said = "";
    top.stdout.on("data", (chunk: Buffer) => {
      said += chunk;
    });
    const shows = (what: RegExp) => () => what.test(said);
    await waitUntil("both replicas to have rates", shows(/replica 2 +[\d.]+ +[\d.]+ %/), {
      deadlineMs: 60_000,
    });
    await kill(id);
    await waitUntil("the dead replica to be shown", shows(/replica 2 \(exited\) +–/), { deadlineMs: 60_000 });
    said = "";
    await start(id);
    await waitUntil("the replica to have rates again", shows(/replica 2 +[1-9][\d.]* +[\d.]+ %/), {
      deadlineMs: 60_000,
    });
    const { exitCode, stdout } = await top.interrupt();
    expect(exitCode).toBe(0);
    expect(stdout).not.toMatch(/NaN|undefined|null| -\d/);
    await allHealthy();
    await customer.end();
  }, 400_000);

  it("says what is wrong when there is nothing to watch, or no end to a JSON document", async () => {
    const none = await lab("top", ["--once"], { COMPOSE_PROJECT_NAME: "evenkeel-nobody" });
    expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("npm run lab:up") });
    expect((await lab("top")).stderr).toContain("npm run lab:top -- --once --json");
  });
});
