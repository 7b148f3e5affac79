import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { notesOnAlerts } from "../../src/lab/firing-alerts.ts";
import { type Alert, prometheusAt } from "../../src/runtime/prometheus.ts";

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A server with one answer; `undefined` never answers. */
async function server(body: unknown): Promise<{ url: URL; asked: string[] }> {
  const asked: string[] = [];
  const made = createServer((req, res) => {
    asked.push(req.url ?? "");
    if (body !== undefined) res.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  servers.push(made);
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return { url: new URL(`http://127.0.0.1:${(made.address() as AddressInfo).port}`), asked };
}
const success = (data: unknown) => ({ status: "success", data });

describe("the client of Prometheus", () => {
  it("gives the series of a vector with their labels and numbers, infinite ones and NaN included", async () => {
    const result = ["0.5", "+Inf", "NaN"].map((value) => ({ metric: { job: "shop" }, value: [1.5, value] }));
    const { url, asked } = await server(success({ resultType: "vector", result }));
    const found = await prometheusAt(url).query('up{job="shop"} > 0');
    expect(found.map(({ value }) => value)).toEqual([0.5, Number.POSITIVE_INFINITY, Number.NaN]);
    expect(found[0]).toEqual({ labels: { job: "shop" }, at: 1.5, value: 0.5 });
    expect(new URLSearchParams(asked[0]?.split("?")[1]).get("query")).toBe('up{job="shop"} > 0');
  });

  it("gives the targets with job, address and health", async () => {
    const target = { labels: { job: "shop" }, scrapeUrl: "http://a/metrics", health: "up", lastError: "" };
    const { url } = await server(success({ activeTargets: [{ ...target, scrapePool: "shop" }] }));
    expect(await prometheusAt(url).targets()).toEqual([{ ...target, job: "shop" }]);
  });

  it("says in Prometheus' own words why it refused a question", async () => {
    const { url } = await server({
      status: "error",
      errorType: "bad_data",
      error: "unexpected end of input",
    });
    await expect(prometheusAt(url).query("sum(")).rejects.toMatchObject({
      code: "prometheus.answer",
      message: expect.stringContaining("unexpected end of input"),
    });
  });

  it.each([
    ["another program's page", "<html>"],
    ["a scalar where series were awaited", success({ resultType: "scalar", result: [1, "2"] })],
    ["nothing of the kind", success(null)],
  ])("takes no answer for figures that is %s", async (_, body) => {
    const { url } = await server(body);
    await expect(prometheusAt(url).query("1")).rejects.toMatchObject({ code: "prometheus.answer" });
  });

  it("gives up on a Prometheus that hangs or is not there", async () => {
    const { url } = await server(undefined);
    await expect(prometheusAt(url, 50).alerts()).rejects.toMatchObject({ code: "prometheus.away" });
    await expect(prometheusAt(new URL("http://127.0.0.1:1")).alerts()).rejects.toMatchObject({
      code: "prometheus.away",
      hint: expect.stringContaining("lab:status"),
    });
  });
});

const alert = (name: string, severity: string, state: Alert["state"] = "firing"): Alert => ({
  name,
  severity,
  state,
  labels: {},
  activeAt: "2026-01-01T00:00:00Z",
  summary: `${name} happened.`,
  description: "",
  runbook: "Type this.",
});
const runs = [{ service: "prometheus", state: "running" as const }];

describe("alerts in the status", () => {
  it("are those that fire, critical ones first, with what to type", async () => {
    const alerts = async () => [
      alert("A", "warning"),
      alert("B", "critical", "pending"),
      alert("C", "critical"),
    ];
    expect(await notesOnAlerts(runs, { alerts })).toEqual([
      "Alert C (critical): C happened. Type this.",
      "Alert A (warning): A happened. Type this.",
    ]);
  });

  it("are not asked for where no Prometheus runs", async () => {
    const alerts = () => Promise.reject(new Error("was asked"));
    expect(await notesOnAlerts([], { alerts })).toEqual([]);
    expect(await notesOnAlerts([{ service: "prometheus", state: "exited" }], { alerts })).toEqual([]);
  });

  it("are one sentence of doubt when Prometheus does not answer", async () => {
    const alerts = () => Promise.reject(new Error("It sleeps."));
    expect(await notesOnAlerts(runs, { alerts })).toEqual(["Which alerts fire is not known: It sleeps."]);
  });
});
