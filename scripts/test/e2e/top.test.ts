import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import type { TopSample } from "../../src/lab/top-sample.ts";
import { paths } from "../../src/lib/paths.ts";
import { waitUntil } from "../../src/lib/wait-until.ts";
import { kill, start } from "../../src/runtime/docker.ts";
import { lab, labOk, replica } from "./harness.ts";
import { allHealthy } from "./order-flow.ts";
import { Purchaser } from "./purchaser.ts";

const RATE = 20;

describe("lab top", () => {
  beforeAll(async () => {
    await labOk("up");
    await labOk("reset");
  });

  it("shows what customers ask of each replica, and what every container costs", async () => {
    const customer = new Purchaser(RATE);
    await customer.sells(RATE);
    const sample = (await labOk("top", ["--once", "--interval", "5"])).json<TopSample>();
    await customer.end();
    expect(sample.replicas.map(({ ordinal }) => ordinal)).toEqual([1, 2]);
    for (const one of sample.replicas) {
      expect(one.share).toBeGreaterThan(0.4);
      expect(one.p99Ms).toBeGreaterThan(0);
      expect(one.cpu).toBeGreaterThan(0);
      expect(one.memory).toBeGreaterThan(20 * 1024 ** 2);
      expect(one.streams).toBe(0);
    }
    // Health checks and its own questions would add more than a request per second and replica.
    expect(sample.requestsPerSecond).toBeGreaterThan(RATE * 0.8);
    expect(sample.requestsPerSecond).toBeLessThan(RATE * 1.1);
    const services = sample.others.map(({ service }) => service);
    expect(services).toEqual(expect.arrayContaining(["nginx", "redis", "kafka", "orders"]));
    expect(sample.orders).toMatchObject({ backlog: expect.any(Number), lag: expect.any(Number) });
  });

  it("goes on while a replica dies and comes back, and ends with 0 on Ctrl-C", async () => {
    const customer = new Purchaser(RATE);
    const { id } = await replica(2);
    const top = execa("node", ["scripts/bootstrap.mjs", "lab", "top"], { cwd: paths.root, reject: false });
    let said = "";
    top.stdout.on("data", (chunk: Buffer) => {
      said += chunk;
    });
    const shows = (what: RegExp) => () => what.test(said);
    await waitUntil("both replicas to have rates", shows(/replica 2 +[\d.]+ +[\d.]+ %/), {
      deadlineMs: 30_000,
    });
    await kill(id);
    await waitUntil("the dead replica to be shown", shows(/replica 2 \(exited\) +–/), { deadlineMs: 30_000 });
    said = "";
    await start(id);
    await waitUntil("the replica to have rates again", shows(/replica 2 +[1-9][\d.]* +[\d.]+ %/), {
      deadlineMs: 60_000,
    });
    top.kill("SIGINT");
    const { exitCode, stdout } = await top;
    expect(exitCode).toBe(0);
    expect(stdout).not.toMatch(/NaN|undefined|null| -\d/);
    await allHealthy();
    await customer.end();
  });

  it("says what is wrong when there is nothing to watch, or no end to a JSON document", async () => {
    const none = await lab("top", ["--once"], { COMPOSE_PROJECT_NAME: "evenkeel-nobody" });
    expect(none).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("npm run lab:up") });
    expect((await lab("top")).stderr).toContain("npm run lab:top -- --once --json");
  });
});
