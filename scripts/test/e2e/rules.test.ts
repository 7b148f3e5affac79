import { beforeAll, describe, expect, it } from "vitest";
import { alertRules, expectations, sabotaged, testRules, toolOf } from "../support/promtool.ts";
import { labOk } from "./harness.ts";

const alerts = await alertRules();
const names = alerts.map(({ alert }) => alert).sort();

/** Alerts with a failed test of one kind; promtool prints what was expected below each. */
const failed = (said: string, kind: "firing" | "quiet") => {
  const head =
    kind === "quiet"
      ? /alertname: (\w+), time: [^,]+,\s+exp:\[\]/g
      : /alertname: (\w+), time: [^,]+,\s+exp:\[\s+0:/g;
  return [...new Set([...said.matchAll(head)].map(([, name]) => name))].sort();
};

/** The tools come out of images that may have to be built first. */
beforeAll(async () => void (await labOk("images", ["--get"])), 900_000);

describe("what Prometheus is told to do", () => {
  it("is a configuration that Prometheus accepts, with all rule files", async () => {
    const { ok, said } = await toolOf("prometheus", "promtool", ["check", "config", "prometheus.yml"]);
    expect(said).toMatch(/rule files found/);
    expect(ok, said).toBe(true);
  });

  it("is a configuration that Alertmanager accepts", async () => {
    const { ok, said } = await toolOf("alertmanager", "amtool", ["check-config", "alertmanager.yml"]);
    expect(ok, said).toBe(true);
  });

  it("passes its own tests", async () => {
    const { ok, said } = await testRules();
    expect(ok, said).toBe(true);
  });

  it("tests every alert both ways: it fires, and it is quiet", async () => {
    const { firing, quiet } = await expectations();
    expect([...firing].sort()).toEqual(names);
    expect([...quiet].sort()).toEqual(names);
  });

  it("says of every alert what happened, why it matters and what to type", () => {
    for (const { alert, labels, annotations } of alerts) {
      expect(labels?.severity, alert).toMatch(/^(critical|warning)$/);
      expect(annotations?.summary, alert).toMatch(/^.{20,}\.$/s);
      expect(annotations?.description, alert).toMatch(/^.{20,}\.\)?$/s);
      expect(annotations?.runbook, alert).toMatch(/npm run|docker/);
    }
  });
});

describe("control: the tests go red for every alert", () => {
  it("that never fires", async () => {
    await using copy = await sabotaged((rule) => ({ ...rule, expr: "vector(0) > 1" }));
    const { ok, said } = await testRules(copy.folder);
    expect(ok).toBe(false);
    expect(failed(said, "firing")).toEqual(names);
  });

  it("that always fires", async () => {
    await using copy = await sabotaged(({ for: _, ...rule }) => ({ ...rule, expr: "vector(1)" }));
    const { ok, said } = await testRules(copy.folder);
    expect(ok).toBe(false);
    expect(failed(said, "quiet")).toEqual(names);
  });

  it("whose waiting time was forgotten", async () => {
    await using copy = await sabotaged(({ for: _, ...rule }) => rule);
    const { said } = await testRules(copy.folder);
    const waiting = alerts.filter((rule) => rule.for !== undefined).map(({ alert }) => alert);
    expect(failed(said, "quiet")).toEqual(waiting.sort());
  });
});
