import { beforeAll, describe, expect, it } from "vitest";
import { activeServices } from "../../src/runtime/compose.ts";
import { labContainers } from "../../src/runtime/docker.ts";
import { asTheySay, isWell } from "../../src/runtime/health.ts";
import { answering, at, docker, lab, labOk } from "./harness.ts";

/** Services of which there are several, with settings as the tests have them. */
const SEVERAL: Record<string, number> = { app: 2, orders: 2 };
/** Services with a page or an answer for this machine. */
const PUBLISHED = ["nginx", "prometheus", "grafana"];

/** Ids of all containers of the lab, in order of their names. */
const containerIds = async () => (await labContainers({ all: true })).map(({ id }) => id);
const statusCode = async () => (await lab("status")).exitCode;
/** A replica finds its way back to Redis and Kafka a moment after they are healthy. */
const settling = { timeout: 30_000, interval: 500 };

describe("a lab that comes up from nothing", () => {
  beforeAll(async () => {
    await labOk("down", ["--volumes"]);
    expect(await labContainers({ all: true })).toEqual([]);
    await labOk("up");
  });

  it("runs two replicas and every other part that this machine can have, all healthy", async () => {
    const containers = await asTheySay(await labContainers({ all: true }));
    const active = await activeServices();
    expect(active).toEqual(expect.arrayContaining(["nginx", "app", "redis"]));
    const names = active.flatMap((service) =>
      Array.from({ length: SEVERAL[service] ?? 1 }, (_, i) => `evenkeel-${service}-${i + 1}`),
    );
    expect(containers.map(({ name }) => name).sort()).toEqual(names.sort());
    expect(containers.filter((one) => !isWell(one))).toEqual([]);
  });

  it("alternates replicas, each answer naming who served it", async () => {
    const seen: string[] = [];
    for (let i = 0; i < 6; i++) {
      const response = await fetch(at("/health"));
      const id = response.headers.get("x-instance-id") ?? "";
      expect(response.headers.get("x-served-by")).toBe(`evenkeel-app-${id}:8000`);
      expect(response.headers.get("x-strategy")).toBe("round-robin");
      expect(response.headers.get("x-backend")).toBeNull();
      seen.push(id);
    }
    expect(seen.join("")).toMatch(/^(12){3}$|^(21){3}$/);
  });

  it("carries the instance and the security headers on errors, too", async () => {
    for (const path of ["/nowhere", "/purchase", "/static/none.js"]) {
      const response = await fetch(at(path));
      expect(response.status).toBeGreaterThanOrEqual(404);
      expect(response.headers.get("content-type")).toContain("application/problem+json");
      expect(response.headers.get("x-instance-id")).toMatch(/^[12]$/);
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("content-security-policy")).toContain("default-src 'self'");
    }
  });

  it("keeps metrics and the probe of nginx to itself", async () => {
    expect((await fetch(at("/metrics"))).status).toBe(404);
    expect((await fetch(at("/nginx-health"))).status).toBe(404);
    expect((await fetch(at("/stub_status"))).status).toBe(404);
  });

  it("compresses and caches static files for an hour", async () => {
    const page = await (await fetch(at("/shop"))).text();
    const style = /\/static\/[^"]+\.css/.exec(page)?.[0] ?? "";
    await (await fetch(at(style))).arrayBuffer();
    const again = await fetch(at(style));
    expect(again.headers.get("cache-control")).toContain("max-age=3600");
    expect(again.headers.get("x-cache")).toBe("HIT");
    expect(again.headers.get("x-served-by")).toBe("cache");
    expect(again.headers.get("content-encoding")).toBe("gzip");
  });

  it("publishes the door and the pages beside it, on this machine only, and hardens every container", async () => {
    const published: string[] = [];
    for (const { id, service } of await labContainers({ all: true })) {
      const [info] = JSON.parse(await docker("inspect", id));
      for (const bindings of Object.values(info.NetworkSettings.Ports ?? {}) as (
        | { HostIp: string }[]
        | null
      )[])
        for (const binding of bindings ?? []) published.push(`${service} ${binding.HostIp}`);
      expect(info.Config.User, service).toMatch(/^[1-9]\d*:\d+$/);
      expect(info.HostConfig.ReadonlyRootfs, service).toBe(true);
      expect(info.HostConfig.CapDrop, service).toEqual(["ALL"]);
      expect(info.HostConfig.SecurityOpt, service).toContain("no-new-privileges:true");
      expect(info.HostConfig.Memory, service).toBeGreaterThan(0);
      expect(info.HostConfig.NanoCpus, service).toBeGreaterThan(0);
      expect(info.HostConfig.PidsLimit, service).toBeGreaterThan(0);
      expect(info.HostConfig.Init, service).toBe(true);
      expect(info.Mounts.map((mount: { Source: string }) => mount.Source)).not.toContain(
        "/var/run/docker.sock",
      );
    }
    const active = await activeServices();
    const expected = PUBLISHED.filter((service) => active.includes(service));
    expect(published.sort()).toEqual(expected.map((service) => `${service} 127.0.0.1`).sort());
  });

  it.each(["app", "orders"])("leaves SQLite a place for temporary files in %s", async (service) => {
    // What the shop does when it prunes: many rows in one statement, more than SQLite keeps in memory.
    const script = `
      const { DatabaseSync } = require("node:sqlite");
      const drop = () => ["", "-wal", "-shm"].forEach((end) => require("node:fs").rmSync("/data/spill.db" + end, { force: true }));
      drop();
      const db = new DatabaseSync("/data/spill.db");
      try {
        db.exec("CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, payload TEXT)");
        db.exec("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) INSERT INTO outbox (payload) SELECT hex(randomblob(90)) FROM n");
        db.exec("BEGIN IMMEDIATE; DELETE FROM outbox WHERE id <= min(9000, (SELECT min(id) FROM outbox) + 1000); COMMIT");
        console.log("spilled");
      } finally { db.close(); drop(); }`;
    const [container] = await labContainers({ service });
    expect(await docker("exec", container?.name ?? "", "node", "-e", script)).toContain("spilled");
  });

  it("is left as it is by a second up", async () => {
    const before = await containerIds();
    await labOk("up");
    expect(await containerIds()).toEqual(before);
  });

  it("says in status that everything is well, and when something is not", async () => {
    await expect.poll(statusCode, settling).toBe(0);
    await docker("compose", "stop", "redis");
    try {
      expect(await statusCode()).toBe(1);
    } finally {
      await labOk("up");
    }
    await expect.poll(statusCode, settling).toBe(0);
  });
});

describe("a user who ignores our command line", () => {
  beforeAll(async () => void (await labOk("up")));

  it("sees the replicas' numbers in docker compose ps, and the same ones in the log", async () => {
    for (let i = 0; i < 4; i++) await (await fetch(at("/products"))).arrayBuffer();
    expect(await docker("compose", "ps", "--format", "{{.Name}}")).toContain("evenkeel-app-2");
    const log = await docker("compose", "logs", "--no-color", "app");
    expect(log).toMatch(/app-1\s+\| .*\[Instance 1\] GET \/products 200 \d+ms/);
    expect(log).toMatch(/app-2\s+\| .*\[Instance 2\] GET \/products 200 \d+ms/);
    expect(log).not.toMatch(/app-1\s+\| .*\[Instance 2\]/);
  });

  it("stops all replicas and gets an error that names nobody, then starts them and gets answers", async () => {
    await docker("compose", "stop", "app");
    try {
      const gone = await fetch(at("/health"));
      expect([502, 504]).toContain(gone.status);
      expect(gone.headers.get("x-served-by")).toBe("none");
    } finally {
      await docker("compose", "start", "app");
    }
    // A replica that was asked before it listened rests for fail_timeout, 30 s (nginx/snippets/passive-health.conf).
    await expect.poll(() => answering(6), { timeout: 60_000, interval: 500 }).toEqual(["1", "2"]);
  });

  it("changes nothing with docker compose up -d", async () => {
    const before = await containerIds();
    await docker("compose", "up", "-d");
    expect(await containerIds()).toEqual(before);
  });
});
