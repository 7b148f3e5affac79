import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LabStatus } from "../../src/lab/status.ts";
import { waitUntil } from "../../src/lib/wait-until.ts";
import { activeServices } from "../../src/runtime/compose.ts";
import { labContainers } from "../../src/runtime/docker.ts";
import { prometheusAt } from "../../src/runtime/prometheus.ts";
import { settings } from "../../src/runtime/settings.ts";
import { prometheusUrl } from "../../src/runtime/urls.ts";
import { at, docker, lab, labOk, replica } from "./harness.ts";

const prometheus = prometheusAt(prometheusUrl(settings()));
/** From a change of the lab to what Prometheus, Alertmanager and the receiver make of it. */
const patient = { deadlineMs: 60_000, intervalMs: 500 };

/** Which job scrapes which service; a service that does not run has no target. */
const JOBS = {
  app: "shop",
  orders: "orders",
  "nginx-exporter": "nginx",
  "redis-exporter": "redis",
  "node-exporter": "node",
  cadvisor: "cadvisor",
  prometheus: "prometheus",
  alertmanager: "alertmanager",
};

const shopTargets = async () => (await prometheus.targets()).filter(({ job }) => job === "shop");

/** Everything the receiver of alerts has said since then. */
async function received(since: Date): Promise<string> {
  const [receiver] = await labContainers({ service: "alerts" });
  return docker("logs", "--since", since.toISOString(), receiver?.name ?? "alerts");
}

const allUp = (count: number) =>
  waitUntil(
    `${count} replicas among the targets, all of them up`,
    async () => {
      const targets = await prometheus.targets();
      const shop = targets.filter(({ job }) => job === "shop");
      return shop.length === count && targets.every(({ health }) => health === "up") ? targets : undefined;
    },
    patient,
  );

beforeAll(async () => {
  await labOk("up");
  await labOk("scale", ["4"]);
});
afterAll(async () => {
  await labOk("up");
});

describe("Prometheus", () => {
  it("has found all four replicas and every other part by itself, and all are up", async () => {
    const targets = await allUp(4);
    const active = await activeServices();
    const expected = Object.entries(JOBS).flatMap(([service, job]) =>
      active.includes(service) ? [job] : [],
    );
    expect([...new Set(targets.map(({ job }) => job))].sort()).toEqual(expected.sort());
    expect(new Set(targets.map(({ scrapeUrl }) => scrapeUrl)).size).toBe(targets.length);
  });

  it("counts each request once, for the replica that served it", async () => {
    await allUp(4);
    const served = () =>
      prometheus.query(`sum(http_request_duration_seconds_count{job="shop",route="/stock"})`);
    const before = (await served())[0]?.value ?? 0;
    for (let i = 0; i < 40; i++) await (await fetch(at("/stock"))).arrayBuffer();
    await waitUntil("forty more requests", async () => (await served())[0]?.value === before + 40, patient);
    const shares = await waitUntil(
      "a share of each replica",
      async () => {
        const found = await prometheus.query("replica:http_requests:share10s");
        return found.length === 4 && found.every(({ value }) => value > 0) ? found : undefined;
      },
      patient,
    );
    expect(shares.map(({ labels }) => labels.instance_id).sort()).toEqual(["1", "2", "3", "4"]);
    expect(shares.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(1, 6);
  });

  it("raises an alert for a killed replica that reaches the receiver and the status, and ends when it is back", async () => {
    await allUp(4);
    const since = new Date();
    const victim = await replica(2);
    await docker("kill", victim.name);
    await waitUntil(
      "the receiver to be told of the lost replica",
      async () => /FIRING ReplicaDown .*Replica 2 is gone/.test(await received(since)),
      patient,
    );
    const { notes } = (await lab("status")).json<LabStatus>();
    expect(notes).toContainEqual(expect.stringMatching(/Alert ReplicaDown \(critical\): Replica 2 is gone/));
    await docker("start", victim.name);
    await waitUntil(
      "the receiver to be told that it is back",
      async () => /RESOLVED ReplicaDown .*Replica 2/.test(await received(since)),
      patient,
    );
    await allUp(4);
  });

  it("says nothing of replicas that leave in order", async () => {
    await allUp(4);
    const since = new Date();
    await labOk("scale", ["2"]);
    // By Prometheus' own clock: twice the time after which a killed replica is reported.
    const gone = `time() - last_over_time(replica:seen:timestamp{instance_id=~"3|4"}[5m]) > 20`;
    await waitUntil(
      "replicas 3 and 4 to be away for 20 s",
      async () => (await prometheus.query(gone)).length === 2,
      { ...patient, deadlineMs: 90_000 },
    );
    expect(
      await prometheus.query(`count_over_time(ALERTS{alertname="ReplicaDown",instance_id=~"3|4"}[2m])`),
    ).toEqual([]);
    expect(await received(since)).not.toContain("ReplicaDown");
    expect(await shopTargets()).toHaveLength(2);
  });
});
