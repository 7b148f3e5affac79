import { beforeEach, describe, expect, it, vi } from "vitest";
import type { LabContainer } from "../../src/runtime/docker.ts";
import { asTheySay, canBeAsked, waitForHealth } from "../../src/runtime/health.ts";

const engine = vi.hoisted(() => ({
  labContainers: vi.fn(),
  passesProbe: vi.fn(),
  inspect: vi.fn(),
  logText: vi.fn(async () => ""),
}));
vi.mock("../../src/runtime/docker.ts", () => engine);

const container = (service: string, health: LabContainer["health"], state = "running") =>
  ({ id: `${service}-id`, name: `lab-${service}-1`, service, ordinal: 1, state, health }) as LabContainer;
/** Ids of the containers that were asked, in turn. */
const asked = () => engine.passesProbe.mock.calls.map(([id]) => id);
const soon = () => AbortSignal.timeout(1200);

beforeEach(() => {
  vi.clearAllMocks();
  engine.passesProbe.mockResolvedValue(true);
});

describe("a lab that starts", () => {
  it("is ready when the last ones say so themselves, before Docker has looked", async () => {
    engine.labContainers.mockResolvedValue([
      container("app", "healthy"),
      container("orders", "starting"),
      container("kafka", "starting"),
    ]);
    const ready = await waitForHealth(soon());
    expect(ready.map(({ health }) => health)).toEqual(["healthy", "healthy", "healthy"]);
    expect(asked().slice(0, 2)).toEqual(["kafka-id", "orders-id"]);
  });

  it("is not ready while Kafka says no, and the orders app is not asked before", async () => {
    engine.passesProbe.mockResolvedValue(false);
    engine.labContainers.mockResolvedValue([container("kafka", "starting"), container("orders", "starting")]);
    await expect(waitForHealth(soon())).rejects.toThrow();
    expect(new Set(asked())).toEqual(new Set(["kafka-id"]));
    // Each question starts a process: twice a second and no more.
    expect(asked().length).toBeLessThanOrEqual(3);
  });

  it("is not ready when Kafka crashed while the orders app was waited for", async () => {
    let questions = 0;
    engine.passesProbe.mockImplementation(async (id) => id !== "kafka-id" || ++questions === 1);
    engine.labContainers.mockResolvedValue([container("kafka", "starting"), container("orders", "starting")]);
    await expect(waitForHealth(soon())).rejects.toThrow();
  });

  it("waits for Docker's own look at a replica: nobody else may call it healthy", async () => {
    engine.labContainers.mockResolvedValue([container("app", "starting"), container("kafka", "starting")]);
    await expect(waitForHealth(soon())).rejects.toThrow();
    expect(asked()).toEqual([]);
  });
});

describe("a container", () => {
  it("that starts is what its own probe says; all others are as Docker says", async () => {
    engine.passesProbe.mockImplementation(async (id) => id === "kafka-id");
    const said = await asTheySay([
      container("kafka", "starting"),
      container("orders", "starting"),
      container("app", "unhealthy"),
      container("nginx", "none", "exited"),
    ]);
    expect(said.map(({ health }) => health)).toEqual(["healthy", "starting", "unhealthy", "none"]);
    expect(asked().sort()).toEqual(["kafka-id", "orders-id"]);
  });

  it("that is just going away is no error", async () => {
    engine.passesProbe.mockRejectedValue(new Error("no such container"));
    expect((await asTheySay([container("kafka", "starting")]))[0]?.health).toBe("starting");
  });

  it("can be asked while it runs and is not known to be unwell", () => {
    expect(canBeAsked({ state: "running", health: "starting" })).toBe(true);
    expect(canBeAsked({ state: "running", health: "unhealthy" })).toBe(false);
    expect(canBeAsked({ state: "exited", health: "none" })).toBe(false);
  });
});
