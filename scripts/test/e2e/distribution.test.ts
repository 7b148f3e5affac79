import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadStrategies } from "../../src/lab/strategies.ts";
import { paths } from "../../src/lib/paths.ts";
import { at, docker, lab, labOk, loadWhile, replica } from "./harness.ts";

interface CheckAnswer {
  pass: boolean;
  findings: { name: string; ok: boolean; text: string }[];
}

const red = (answer: { json: <T>() => T }) =>
  answer
    .json<CheckAnswer>()
    .findings.filter(({ ok }) => !ok)
    .map(({ name }) => name);

const strategies = [...(await loadStrategies(paths.nginxStrategies)).keys()];

describe("10,000 requests through each strategy", () => {
  beforeAll(async () => void (await labOk("up")));
  afterAll(async () => void (await labOk("up")));

  it.each(strategies)("%s keeps its promise", async (strategy) => {
    await labOk("strategy", [strategy]);
    const answer = await lab("check");
    expect(red(answer), answer.stdout).toEqual([]);
    expect(answer.exitCode).toBe(0);
  });

  it("round robin stays exact with five replicas", async () => {
    await labOk("strategy", ["round-robin"]);
    await labOk("scale", ["5"]);
    const answer = await lab("check");
    expect(red(answer), answer.stdout).toEqual([]);
    await labOk("scale", ["2"]);
  });
});

describe("with one replica at a tenth of its speed", () => {
  beforeAll(async () => {
    await labOk("up");
    await docker("update", "--cpus", "0.1", (await replica(2)).id);
  });
  afterAll(async () => {
    await docker("update", "--cpus", "1", (await replica(2)).id);
    await labOk("up");
  });

  /** Share of the slow replica in percent. */
  const slowShare = async (strategy: string) => {
    await labOk("strategy", [strategy]);
    const answer = await lab("check", ["--requests", "5000"]);
    const { client } = answer.json<{ client?: Record<string, number> }>();
    if (!client) throw new Error(`Nothing was measured:\n${answer.stderr}`);
    return (100 * (client["2"] ?? 0)) / 5000;
  };

  it("round robin goes on giving it half", async () => {
    expect(await slowShare("round-robin")).toBeCloseTo(50, 1);
  });
  it.each(["least-conn", "random-two"])("%s spares it", async (strategy) => {
    expect(await slowShare(strategy)).toBeLessThan(45);
  });
});

describe("the check can fail", () => {
  beforeAll(async () => void (await labOk("up")));
  afterAll(async () => void (await labOk("up")));

  it("when another strategy is announced than nginx uses", async () => {
    const answer = await lab("check", ["--strategy", "weighted"]);
    expect(answer.exitCode).toBe(1);
    expect(red(answer), answer.stdout).toEqual(["strategy", "spread"]);
  });

  it("when one replica is stopped", async () => {
    const { id } = await replica(2);
    await docker("stop", id);
    try {
      const answer = await lab("check");
      expect(answer.exitCode).toBe(1);
      expect(red(answer), answer.stdout).toEqual(["spread"]);
    } finally {
      await docker("start", id);
    }
  });

  it("and says 2, not 1, when it could not measure at all", async () => {
    await docker("compose", "stop", "nginx");
    try {
      expect((await lab("check")).exitCode).toBe(2);
    } finally {
      await docker("compose", "start", "nginx");
    }
  });
});

describe("switching the strategy of a running nginx", () => {
  beforeAll(async () => void (await labOk("up")));
  afterAll(async () => void (await labOk("up")));

  it("drops no request, ten times in a row under load", async () => {
    const load = await loadWhile(20_000, async () => {
      for (let i = 0; i < 5; i++) {
        await labOk("strategy", ["least-conn"]);
        await labOk("strategy", ["round-robin"]);
      }
    });
    expect({ failed: load.failed, unanswered: load.unanswered }).toEqual({ failed: {}, unanswered: 0 });
  });

  it("refuses an unknown name and keeps the active one", async () => {
    const answer = await lab("strategy", ["rond-robin"]);
    expect(answer.exitCode).toBe(2);
    expect(answer.stderr).toContain("round-robin");
    expect((await fetch(at("/health"))).headers.get("x-strategy")).toBe("round-robin");
  });
});
