import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readEvidence, writeEvidence } from "../../src/lab/evidence.ts";
import { writeAtomically } from "../../src/lib/atomic-file.ts";
import { evidencePage } from "../../src/report/page.ts";
import { histogramPercentile, plotData } from "../../src/report/plot-data.ts";
import { evidenceExitCode, writeReport } from "../../src/report/write.ts";
import { compareEvidence, comparePoints, loadResult, loadtestEvidence } from "../support/evidence.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-evidence-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("evidence", () => {
  it("is read as it was written, under a name that tells when and what", async () => {
    for (const evidence of [loadtestEvidence(), compareEvidence()]) {
      const file = await writeEvidence(evidence, folder);
      expect(file).toMatch(/2026-11-21T12-\d\d-\d\dZ-(loadtest|compare)\.json$/);
      expect((await readEvidence(file)).evidence).toEqual(evidence);
      const report = await writeReport(evidence, file);
      expect(report).toBe(file.replace(".json", ".html"));
    }
    expect((await readdir(folder)).filter((name) => name.includes("tmp"))).toEqual([]);
  });

  it("is whole or not there", async () => {
    const file = join(folder, "half", "x.json");
    await writeAtomically(file, "one");
    await expect(writeAtomically(join(file, "below-a-file"), "two")).rejects.toThrow();
    expect(await readFile(file, "utf8")).toBe("one");
  });

  it.each([
    ["missing.json", undefined, "There is no such file."],
    ["text.json", "not json", "It is not JSON:"],
    ["other.json", '{"name":"evenkeel"}', "It is no record of this lab:"],
    [
      "newer.json",
      JSON.stringify({ ...loadtestEvidence(), version: 2 }),
      "version: Invalid input: expected 1",
    ],
  ])("%s is refused with a sentence", async (name, text, sentence) => {
    const file = join(folder, name);
    if (text !== undefined) await writeFile(file, text);
    await expect(readEvidence(file)).rejects.toMatchObject({
      code: "evidence.unreadable",
      exitCode: 2,
      message: expect.stringContaining(sentence),
    });
  });
});

describe("the report", () => {
  it("comes from the samples alone: the same record gives the same page", async () => {
    const evidence = loadtestEvidence();
    const again = structuredClone(evidence);
    expect(await evidencePage(again, "a.json")).toBe(await evidencePage(evidence, "a.json"));
  });

  it("judges anew and says so when the record claims something else", async () => {
    const uneven = loadtestEvidence(loadResult({ seconds: 2, rate: 100, replicas: { 1: 3, 2: 1 } }));
    expect(await evidencePage(uneven, "a.json")).not.toContain("The record says");
    const forged = { ...uneven, verdict: { pass: true, findings: [] } };
    const page = await evidencePage(forged, "a.json");
    expect(page).toContain("The record says passed, its own samples say failed.");
    expect(page).toContain("Not the spread that round-robin promises.");
  });

  it("calls not measured what is neither passed nor failed, as the exit code does", async () => {
    const idle = compareEvidence(comparePoints(2).map((point) => ({ ...point, coresUsed: 0.01 })));
    const page = await evidencePage(idle, "a.json");
    expect(page).toContain("<title>Comparison of 2026-11-21 12:10:00 UTC: not measured</title>");
    expect(page).toContain("– not measured</p>");
    expect(page).not.toContain("failed");
    expect(evidenceExitCode(idle)).toBe(2);
    expect(evidenceExitCode(compareEvidence(comparePoints(1.5)))).toBe(1);
    expect(evidenceExitCode(compareEvidence())).toBe(0);
    expect(evidenceExitCode(loadtestEvidence())).toBe(0);
  });

  it("shows nothing in red where purchases were sold out", async () => {
    const load = loadResult({ seconds: 2, rate: 100 });
    load.failed = { 409: 6 };
    load.sent += 6;
    load.perKind = { ...load.perKind, "POST /purchase": load.perKind["GET /products"]! };
    const page = await evidencePage(loadtestEvidence(load), "a.json");
    expect(page).toContain("<dt>were sold out</dt><dd>6</dd>");
    expect(page).toContain("None of 206 requests failed.");
    expect(page).not.toContain('class="wrong"');
  });

  it("shows the percentiles of the histogram", () => {
    const load = loadResult();
    expect(histogramPercentile(load.histogram, 0.5)).toBe(load.latency.p50);
    expect(histogramPercentile(load.histogram, 0.999)).toBe(load.latency.p999);
    expect(histogramPercentile([], 0.5)).toBe(0);
  });

  it("scales the last, incomplete second to a whole one, and drops a splinter", () => {
    const load = loadResult({ seconds: 3, rate: 100 });
    const half = plotData({ ...load, durationSeconds: 2.5 });
    expect(half.seconds).toEqual([0, 1, 2, 2.5]);
    expect(half.replicas[0]?.rates).toEqual([50, 50, 100]);
    expect(plotData({ ...load, durationSeconds: 2.1 }).seconds).toEqual([0, 1, 2]);
  });

  it("draws the slowest of all at one in as many as there were", () => {
    const { oneIn, ms } = plotData(loadResult()).distribution;
    expect([oneIn[0], oneIn.at(-1)]).toEqual([1, 10_000]);
    expect(ms.at(-1)).toBe(loadResult().latency.max);
    expect(oneIn.every((value, i) => i === 0 || value > (oneIn[i - 1] ?? 0))).toBe(true);
  });

  it("takes only colours that the shop's tokens have", async () => {
    const own = new URL("../../src/report/", import.meta.url);
    const styles = await Promise.all(
      (await readdir(new URL("css/", own))).map((name) => readFile(new URL(`css/${name}`, own), "utf8")),
    );
    const page = await evidencePage(compareEvidence(), "a.json");
    for (const style of styles) expect(page).toContain(style);
    const plots = await readFile(new URL("browser/plots.ts", own), "utf8");
    const used = [...[...styles, plots].join("\n").matchAll(/(?:var\(|token\(")(--[a-z0-9-]+)(?=[)"])/g)].map(
      ([, name]) => name,
    );
    expect(used.length).toBeGreaterThan(30);
    for (const name of used) expect(page, name).toContain(`${name}:`);
  });
});
