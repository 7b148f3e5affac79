import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { waitUntil } from "../../src/lib/wait-until.ts";
import { kill, labContainers } from "../../src/runtime/docker.ts";
import { answering, at, docker, labOk, loadWhile, replica } from "./harness.ts";

const clean = { failed: {}, unanswered: 0 };

describe("under a load of GETs", () => {
  beforeAll(async () => void (await labOk("up")));
  afterEach(async () => void (await labOk("up")));

  it("no request fails when a replica is killed among 40,000", async () => {
    const victim = await replica(2);
    const load = await loadWhile(40_000, () => kill(victim.id, "SIGKILL"));
    expect({ failed: load.failed, unanswered: load.unanswered }).toEqual(clean);
    expect(load.perReplica["1"]).toBeGreaterThan(load.perReplica["2"] ?? 0);
    expect((await replica(2)).state).toBe("exited");
  });

  it("the same test goes red when both replicas are killed", async () => {
    const load = await loadWhile(5_000, async () => {
      for (const { id } of await labContainers({ service: "app" })) await kill(id, "SIGKILL");
    });
    expect(Object.keys(load.failed)).toEqual(expect.arrayContaining(["502"]));
  });

  it("a replica that hangs costs time, but no request", async () => {
    const { id } = await replica(2);
    await docker("pause", id);
    try {
      const answers = await Promise.all(Array.from({ length: 10 }, () => fetch(at("/products"))));
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
      expect(new Set(answers.map(({ headers }) => headers.get("x-instance-id")))).toEqual(new Set(["1"]));
    } finally {
      await docker("unpause", id);
    }
  });

  it("no request fails while the replicas go from 2 to 5 and back to 2", async () => {
    let five: string[] = [];
    const load = await loadWhile(20_000, async () => {
      await labOk("scale", ["5"]);
      five = await waitUntil(
        "answers from five replicas",
        async () => {
          const ids = await answering();
          return ids.length === 5 && ids;
        },
        { deadlineMs: 20_000 },
      );
      await labOk("scale", ["2"]);
    });
    expect(five).toEqual(["1", "2", "3", "4", "5"]);
    expect({ failed: load.failed, unanswered: load.unanswered }).toEqual(clean);
    expect(load.perReplica["5"]).toBeGreaterThan(0);
    await expect.poll(() => answering(), { timeout: 10_000 }).toEqual(["1", "2"]);
  });

  it("a replica that is recreated with another address is found again without a failure", async () => {
    const before = await replica(2);
    // Removed with its address, which another container then takes, so that the new replica must get a new one.
    const load = await loadWhile(20_000, async () => {
      await docker("rm", "-f", before.id);
      await docker(
        ...["run", "-d", "--rm", "--name", "evenkeel-squatter", "--network", "evenkeel_middle"],
        ...["--entrypoint", "sleep", before.image, "120"],
      );
      await docker("compose", "up", "-d", "--no-recreate", "app");
      // Docker's DNS names a replica before it listens. Under load it then fails three times at once and rests for
      // fail_timeout, 30 s: nobody loses a request, but the newcomer waits.
      await expect.poll(() => answering(), { timeout: 60_000, interval: 1000 }).toEqual(["1", "2"]);
    }).finally(() => docker("rm", "-f", "evenkeel-squatter"));
    const after = await replica(2);
    expect(after.addresses).not.toEqual(before.addresses);
    expect({ failed: load.failed, unanswered: load.unanswered }).toEqual(clean);
  });

  it("replicas that get SIGTERM drain and exit with 0 within their grace, 20 times of 20", async () => {
    await labOk("scale", ["5"]);
    let stops = 0;
    const load = await loadWhile(5_000, async () => {
      for (let round = 0; round < 5; round++) {
        const leaving = (await labContainers({ service: "app", all: true })).filter(
          ({ ordinal }) => ordinal > 1,
        );
        await docker("start", ...leaving.map(({ id }) => id));
        await expect
          .poll(async () => (await labContainers({ service: "app" })).map(({ health }) => health), {
            timeout: 60_000,
          })
          .toEqual(Array(5).fill("healthy"));
        const start = Date.now();
        await docker("stop", "--time", "15", ...leaving.map(({ id }) => id));
        expect(Date.now() - start).toBeLessThan(14_000);
        for (const { id } of leaving) {
          expect(await docker("inspect", "--format", "{{.State.ExitCode}}", id)).toBe("0");
          stops++;
        }
      }
    });
    expect(stops).toBe(20);
    expect({ failed: load.failed, unanswered: load.unanswered }).toEqual(clean);
  }, 400_000);
});
