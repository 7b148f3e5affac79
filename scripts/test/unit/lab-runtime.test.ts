import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { notesOn, notesOnKafka, problemsOf, servicesOr } from "../../src/lab/status.ts";
import { LabError } from "../../src/lib/errors.ts";
import { composeAttached } from "../../src/runtime/compose.ts";
import { doorClosed } from "../../src/runtime/door.ts";
import { collides } from "../../src/runtime/lab.ts";
import { removeNetworks, stillAttached } from "../../src/runtime/removal.ts";
import { strategyIds, unknownStrategy } from "../../src/runtime/strategy-files.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-runtime-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("what Compose says", () => {
  it.each([
    ['Conflict. The container name "/evenkeel-app-1" is already in use by container "6f"', true],
    ["Error response from daemon: No such container: 4711", true],
    ["removal of container 4711 is already in progress", true],
    ["network with name evenkeel_door already exists", true],
    ["listen tcp4 127.0.0.1:8000: bind: address already in use", false],
    ["Bind for 127.0.0.1:8000 failed: port is already allocated", false],
    ["no such image: mine:1", false],
  ])("%j is another command's work: %s", (message, expected) => {
    expect(collides(message)).toBe(expected);
  });

  it("reaches us as an exit code; a missing docker is an error", async () => {
    const docker = join(folder, "docker");
    await writeFile(docker, '#!/bin/sh\nexit "$EXIT"\n');
    await chmod(docker, 0o755);
    const ends = async (signal = new AbortController().signal) => composeAttached(["logs"], signal);
    vi.stubEnv("PATH", `${folder}${delimiter}${process.env.PATH}`);
    vi.stubEnv("EXIT", "3");
    expect(await ends()).toBe(3);
    vi.stubEnv("EXIT", "0");
    expect(await ends()).toBe(0);
    vi.stubEnv("EXIT", "4");
    expect(await ends(AbortSignal.abort())).toBe(0);
    vi.stubEnv("PATH", join(folder, "nothing"));
    await expect(ends()).rejects.toMatchObject({ code: "command.failed" });
    vi.unstubAllEnvs();
  });
});

describe("a network that someone else uses", () => {
  const engine = (attached: Record<string, string[]>, removed: string[] = []) => ({
    removeNetwork: async (name: string) => {
      if (attached[name]) throw new Error("network has active endpoints");
      removed.push(name);
    },
    attachedTo: async (name: string) => attached[name] ?? [],
  });

  it("stays, while the others go", async () => {
    const removed: string[] = [];
    const kept = await removeNetworks(
      ["lab_data", "lab_door", "lab_middle"],
      engine({ lab_door: ["spy"] }, removed),
    );
    expect(removed).toEqual(["lab_data", "lab_middle"]);
    expect(kept).toEqual([{ network: "lab_door", containers: ["spy"] }]);
    expect(stillAttached(kept)).toMatchObject({
      exitCode: 1,
      message: expect.stringContaining(
        "lab_door stays, because containers that are not the lab's hang on it: spy.",
      ),
      hint: expect.stringContaining("docker network disconnect --force lab_door spy"),
    });
  });

  it("is not blamed for another failure", async () => {
    await expect(removeNetworks(["lab_door"], engine({ lab_door: [] }))).rejects.toThrow("active endpoints");
  });
});

describe("a door that nobody opens", () => {
  it("is told as such, however deep the refusal is wrapped", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
    );
    await new Promise((resolve) => server.close(resolve));
    const door = new URL(`http://127.0.0.1:${port}`);
    const refused = await fetch(door).catch((error) => error);
    expect(doorClosed(refused, door)).toMatchObject({
      code: "lab.down",
      message: `Nothing listens at http://127.0.0.1:${port}, so the lab does not run.`,
      hint: expect.stringContaining("npm run lab:up"),
    });
    expect(doorClosed(new Error("wrapped", { cause: refused }), door)?.code).toBe("lab.down");
    expect(doorClosed(refused, new URL("http://127.0.0.1:1"))).toBeUndefined();
    expect(doorClosed(new Error("other"), door)).toBeUndefined();
    expect(doorClosed(new LabError("own words", { code: "x", cause: refused }), door)).toBeUndefined();
  });
});

describe("status", () => {
  const up = { state: "running", health: "healthy" } as const;
  const app = (ordinal: number) => ({ name: `lab-app-${ordinal}`, service: "app", ...up });
  const services = ["nginx", "app", "redis"];
  const rest = ["nginx", "redis"].map((service) => ({ name: `lab-${service}-1`, service, ...up }));

  it("misses a replica that was removed", () => {
    expect(problemsOf([...rest, app(1), app(2)], [], 2, services)).toEqual([]);
    expect(problemsOf([...rest, app(2)], [], 2, services)).toEqual([
      "Only 1 of 2 replicas is there; npm run lab:up brings the rest.",
    ]);
    expect(problemsOf(rest, [], 2, services)).toEqual(['There is no container of the service "app".']);
  });

  it("says when Compose is no help, and goes by what is there", () => {
    expect(servicesOr(rest, services)).toEqual({ active: services, problem: [] });
    const { active, problem } = servicesOr([...rest, app(1), app(2)], new Error("yaml: line 3"));
    expect(active).toEqual(["nginx", "redis", "app"]);
    expect(problem).toEqual([expect.stringMatching(/Docker Compose could not say .* yaml: line 3$/)]);
  });

  it("mentions more than configured, and is content", () => {
    const three = [...rest, app(1), app(2), app(3)];
    expect(problemsOf(three, [], 2, services)).toEqual([]);
    expect(notesOn(three, 2)).toEqual([expect.stringContaining("3 replicas run, LAB_REPLICAS says 2")]);
    expect(notesOn(three, 3)).toEqual([]);
  });

  it("misses Kafka only where it should run, and then says where the orders are", () => {
    const kafka = { name: "kafka", status: "down", latencyMs: null, detail: "3 events wait." } as const;
    const replica = { ordinal: 1, status: "ready", openStreams: 0, dependencies: [kafka] } as const;
    const replicas = [{ ...replica, dependencies: [kafka] }];
    const core = [...rest, app(1), app(2)];
    expect(problemsOf(core, replicas, 2, services)).toEqual([]);
    expect(notesOnKafka(replicas, services)).toEqual([expect.stringMatching(/without Kafka.*3 events wait/)]);
    expect(problemsOf(core, replicas, 2, [...services, "kafka"])).toEqual([
      'There is no container of the service "kafka".',
      "Replica 1 does not reach kafka. 3 events wait.",
    ]);
    expect(notesOnKafka(replicas, [...services, "kafka"])).toEqual([]);
  });
});

describe("strategies", () => {
  it("are the files of a folder", async () => {
    for (const file of ["b.conf", "a.conf", "note.md"]) await writeFile(join(folder, file), "");
    expect(strategyIds(folder)).toEqual(["a", "b"]);
    expect(strategyIds()).toContain("round-robin");
  });

  it("that do not exist are told with the nearest that does", () => {
    expect(unknownStrategy("wieghted", ["ip-hash", "weighted"])).toMatchObject({
      code: "strategy.unknown",
      message: 'There is no strategy "wieghted" in nginx/strategies.',
      hint: 'Nearest is "weighted"; known are also: ip-hash.',
    });
    expect(unknownStrategy("any", []).hint).toContain("git checkout -- nginx");
  });
});
