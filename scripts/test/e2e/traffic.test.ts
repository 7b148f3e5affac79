import { StatusResponse } from "@evenkeel/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { at, docker, lab, labOk } from "./harness.ts";

interface TrafficAnswer {
  sent: number;
  answered: number;
  failed: number;
  sold: number;
  streamEvents: number;
  streamFaults: number;
  streamsBehind: number;
  replicas: Record<string, { answers: number }>;
}

describe("customer-like traffic", () => {
  beforeAll(async () => {
    await labOk("up");
    await labOk("reset");
  });
  afterAll(async () => void (await labOk("up")));

  it("sends at the given rate, buys, and misses no event on any stream", async () => {
    const answer = await labOk("traffic", [
      "--rate",
      "60",
      "--duration",
      "6",
      "--streams",
      "4",
      "--seed",
      "7",
    ]);
    const totals = answer.json<TrafficAnswer>();
    expect(totals).toMatchObject({ sent: 360, answered: 360, failed: 0, streamFaults: 0, streamsBehind: 0 });
    expect(totals.sold).toBeGreaterThan(10);
    expect(totals.streamEvents).toBe(4 * totals.sold);
    for (const id of ["1", "2"]) expect(totals.replicas[id]?.answers).toBeGreaterThan(150);
  });

  it("goes red when requests fail", async () => {
    const openStreams = async () =>
      StatusResponse.parse(await (await fetch(at("/status"))).json()).openStreams;
    // Asked in turn. Streams of an earlier test that are just closing would be taken for this one's.
    const onBoth = async () => (await openStreams()) + (await openStreams());
    await expect.poll(onBoth, { timeout: 15_000, interval: 50 }).toBe(0);
    const answer = lab("traffic", ["--rate", "20", "--duration", "10", "--streams", "2"]);
    // Its streams open when it has found the shop and is about to send.
    await expect.poll(openStreams, { timeout: 15_000, interval: 50 }).toBeGreaterThan(0);
    await docker("compose", "kill", "app");
    expect((await answer).exitCode).toBe(1);
    expect((await answer).json<TrafficAnswer>().failed).toBeGreaterThan(0);
  });

  it("says 2 when there is no lab", async () => {
    const answer = await lab("traffic", [], { LAB_PORT: "8999" });
    expect(answer.exitCode).toBe(2);
    expect(answer.stderr).toContain("lab:up");
  });
});
