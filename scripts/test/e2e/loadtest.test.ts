import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CompareEvidence, LoadtestEvidence } from "../../src/lab/evidence-schema.ts";
import { paths } from "../../src/lib/paths.ts";
import { waitUntil } from "../../src/lib/wait-until.ts";
import { cpuLimit, labContainers } from "../../src/runtime/docker.ts";
import { activeStrategy } from "../../src/runtime/strategy.ts";
import { docker, type LabAnswer, lab, labOk, loadWhile, replica } from "./harness.ts";

type Written = LoadtestEvidence & { files: { evidence: string; report: string } };

const written: string[] = [];
const loadtest = async (...args: string[]): Promise<LabAnswer & { evidence: Written }> => {
  const answer = await lab("loadtest", args);
  const evidence = answer.json<Written>();
  if (evidence.files) written.push(evidence.files.evidence, evidence.files.report);
  return { ...answer, evidence };
};
const red = ({ evidence }: { evidence: LoadtestEvidence }) =>
  evidence.verdict.findings.filter(({ ok }) => !ok).map(({ name }) => name);

beforeAll(async () => void (await labOk("up")));
afterAll(async () => {
  await labOk("up");
  for (const file of written) await rm(file, { force: true });
});

describe("npm run loadtest", () => {
  it("sends 10,000 requests, finds them evenly spread, and leaves evidence and a page", async () => {
    const answer = await loadtest();
    expect(red(answer), answer.stderr).toEqual([]);
    expect(answer.exitCode).toBe(0);
    const { load, files } = answer.evidence;
    expect(load).toMatchObject({ generator: "closed loop", sent: 10_000, ok: 10_000, scheduled: null });
    expect(load.perReplica["1"]?.answers).toBe(5000);
    expect(await readFile(files.report, "utf8")).toContain("Every replica took its share.");

    await rm(files.report);
    const again = await loadtest("--from", files.evidence);
    expect(again.exitCode).toBe(0);
    expect(again.evidence.load).toEqual(load);
    expect(await readFile(files.report, "utf8")).toContain("Every replica took its share.");
  });

  it("sends at a given rate, purchases among them, and knows which were acknowledged", async () => {
    await labOk("reset");
    const mix = "GET /products=8,GET /stock=1,POST /purchase=1";
    const answer = await loadtest(
      "--rate",
      "100",
      "--duration",
      "5",
      "--arrivals",
      "poisson",
      "--mix",
      mix,
      "--seed",
      "5",
    );
    expect(red(answer), answer.stderr).toEqual([]);
    const { load } = answer.evidence;
    expect(load).toMatchObject({ generator: "open loop", latencyFrom: "intended send time" });
    expect(load.acknowledged.length).toBe(load.perKind["POST /purchase"]?.answers);
    expect(load.acknowledged.length).toBeGreaterThan(20);
  });

  it("is red when a replica is missing, and when something is not found", async () => {
    await docker("stop", (await replica(2)).id);
    const uneven = await loadtest("--requests", "1000");
    await docker("start", (await replica(2)).id);
    expect(uneven.exitCode).toBe(1);
    expect(red(uneven)).toEqual(["spread"]);

    await labOk("up");
    const failing = await loadtest("--requests", "1000", "--mix", "GET /products=1,GET /no-such-page=1");
    expect(failing.exitCode).toBe(1);
    expect(red(failing)).toContain("answers");
  });

  it("says 2 when others disturb it, and when there is no lab", async () => {
    let disturbed: LabAnswer | undefined;
    await loadWhile(1000, async () => {
      disturbed = await lab("loadtest", ["--requests", "2000"]);
    });
    expect(disturbed?.exitCode, disturbed?.stdout).toBe(2);
    expect(disturbed?.json()).toMatchObject({ error: { code: "check.foreign" } });

    await docker("compose", "stop", "nginx");
    const closed = await lab("loadtest");
    await docker("compose", "start", "nginx");
    expect(closed.exitCode).toBe(2);
    expect(closed.json()).toMatchObject({ error: { code: "lab.down" } });
  });
});

describe("lab compare", () => {
  /** What a comparison changes for a while and must give back. */
  const state = async () => {
    const app = await labContainers({ service: "app" });
    const limits = await Promise.all(app.map(({ id }) => cpuLimit(id)));
    return { limits, strategy: await activeStrategy() };
  };
  beforeAll(async () => {
    await labOk("up");
    await labOk("strategy", ["least-conn"]);
  });

  it("measures each number of replicas and leaves the lab as it was", async () => {
    const before = await state();
    const answer = await lab("compare", ["--replicas", "1,2", "--repeats", "2", "--seconds", "2"]);
    const evidence = answer.json<CompareEvidence & Pick<Written, "files">>();
    written.push(evidence.files.evidence, evidence.files.report);
    const capped = evidence.points.filter(({ cpus }) => cpus === 0.2);
    expect(capped.map(({ repeat, replicas }) => `${repeat}:${replicas}`).sort()).toEqual([
      "1:1",
      "1:2",
      "2:1",
      "2:2",
    ]);
    for (const { coresUsed, replicas } of capped) expect(coresUsed).toBeLessThan(0.22 * replicas);
    expect(await state()).toEqual(before);
  });

  it("leaves it as it was after Ctrl-C, too", async () => {
    const before = await state();
    const running = execa("node", ["scripts/bootstrap.mjs", "lab", "compare", "--json"], {
      cwd: paths.root,
      reject: false,
    });
    await waitUntil("a replica to be held to 0.2 cores", async () => (await state()).limits.includes(0.2), {
      deadlineMs: 60_000,
      intervalMs: 100,
    });
    running.kill("SIGINT");
    expect((await running).exitCode).toBe(130);
    expect(await state()).toEqual(before);
  });
});

it("evidence stays out of git", async () => {
  const { exitCode } = await execa("git", ["check-ignore", "-q", join(paths.evidence, "x.json")], {
    cwd: paths.root,
    reject: false,
  });
  expect(exitCode).toBe(0);
});
