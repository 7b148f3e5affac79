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

/** Requests for the stock, as a customer sends them. */
async function askForStock(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await (await fetch(at("/stock"))).arrayBuffer();
}

/** A figure once it has not moved for three scrapes: what was counted before may be told a moment later. */
async function atRest(read: () => Promise<number>): Promise<number> {
  let value = await read();
  let since = performance.now();
  return waitUntil(
    "a figure to stand still",
    async () => {
      const now = await read();
      if (now !== value) since = performance.now();
      value = now;
      return performance.now() - since > 3000 && value;
    },
    patient,
  );
}

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
    const query = `sum(http_request_duration_seconds_count{job="shop",route="/stock"})`;
    const served = async () => (await prometheus.query(query))[0]?.value ?? 0;
    const before = await atRest(served);
    await askForStock(40);
    await waitUntil("forty more requests", async () => (await served()) >= before + 40, patient);
    expect(await atRest(served)).toBe(before + 40);
    const shares = await waitUntil(
      "a share of each replica",
      async () => {
        // A replica has no series of a route before it is asked for it, and what is new has no rate: asked again.
        await askForStock(8);
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
    // An alert of an earlier test that has not ended yet would not be told again.
    await waitUntil(
      "an earlier alert for replica 2 to end",
      async () =>
        (await prometheus.alerts()).every(
          ({ name, labels }) => name !== "ReplicaDown" || labels.instance_id !== "2",
        ),
      patient,
    );
    const since = new Date();
    const victim = await replica(2);
    await docker("kill", victim.name);
    try {
      await waitUntil(
        "the receiver to be told of the lost replica",
        async () => /FIRING ReplicaDown .*Replica 2 is gone/.test(await received(since)),
        patient,
      );
      const alert = /Alert ReplicaDown \(critical\): Replica 2 is gone/;
      await waitUntil(
        "the status to tell of it",
        async () => (await lab("status")).json<LabStatus>().notes.some((note) => alert.test(note)),
        patient,
      );
    } finally {
      await docker("start", victim.name);
    }
    await waitUntil(
      "the receiver to be told that it is back",
      async () => /RESOLVED ReplicaDown .*Replica 2/.test(await received(since)),
      { ...patient, deadlineMs: 120_000 },
    );
    await allUp(4);
  }, 400_000);

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
    // Of these two: word that another one is back may still be on its way.
    expect(await received(since)).not.toMatch(/ReplicaDown .*Replica [34]/);
    expect(await shopTargets()).toHaveLength(2);
  }, 300_000);
});
