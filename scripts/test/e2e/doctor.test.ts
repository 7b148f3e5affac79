import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paths } from "../../src/lib/paths.ts";
import { labContainers } from "../../src/runtime/docker.ts";
import { settings } from "../../src/runtime/settings.ts";
import { at, docker, lab, labOk, labUntilInterrupted } from "./harness.ts";

interface DoctorAnswer {
  findings: { id: string; severity: string; what: string; fix?: string }[];
}

/** For what brings the whole lab up from nothing and takes it down again. */
const UP_AND_DOWN_MS = 300_000;

describe("doctor", () => {
  beforeAll(async () => void (await labOk("down")));
  afterAll(async () => void (await labOk("down", ["--volumes"])));

  it("is content with this machine", async () => {
    const answer = await lab("doctor");
    expect(answer.exitCode, answer.stdout).toBe(0);
  });

  it("names the process that holds the port and the variable that changes it; up refuses to start", async () => {
    const { port } = settings();
    const server = createServer().listen(port, "127.0.0.1");
    await once(server, "listening");
    try {
      const answer = await lab("doctor");
      expect(answer.exitCode).toBe(1);
      const finding = answer.json<DoctorAnswer>().findings.find(({ severity }) => severity === "error");
      expect(`${finding?.what} ${finding?.fix}`).toMatch(
        new RegExp(`${port}.*${process.pid}.*LAB_PORT`, "s"),
      );
      const up = await lab("up");
      expect(up.exitCode).toBe(1);
      expect(up.stderr).toContain("LAB_PORT");
      expect(await labContainers({ all: true })).toEqual([]);
    } finally {
      server.close();
    }
  });

  it(
    "comes up on another port when asked to",
    async () => {
      try {
        await labOk("up", [], { LAB_PORT: "8123" });
        expect((await fetch("http://127.0.0.1:8123/health")).status).toBe(200);
      } finally {
        await labOk("down");
      }
    },
    UP_AND_DOWN_MS,
  );

  it("finds line endings that break scripts inside containers", async () => {
    const file = join(paths.root, "nginx", "e2e-crlf.sh");
    await writeFile(file, "#!/bin/sh\r\necho\r\n");
    try {
      const answer = await lab("doctor");
      expect(answer.exitCode).toBe(1);
      expect(answer.stdout).toContain("e2e-crlf.sh");
    } finally {
      await rm(file);
    }
  });

  it.each([
    ["LAB_PORT", "eighty"],
    ["LAB_REPLICAS", "0"],
    ["LAB_STRATEGY", "rond-robin"],
    ["LAB_CART", "disk"],
  ])("and up refuse %s=%s with a sentence", async (name, value) => {
    for (const verb of ["doctor", "up"]) {
      const answer = await lab(verb, [], { [name]: value });
      expect(answer.exitCode, verb).toBeGreaterThan(0);
      expect(answer.stdout + answer.stderr, verb).toContain(value);
      expect(answer.stderr, verb).not.toMatch(/\n\s+at /);
    }
    expect(await labContainers({ all: true })).toEqual([]);
  });
});

describe("down", () => {
  beforeAll(async () => void (await labOk("down", ["--volumes"])));
  afterAll(async () => void (await labOk("down", ["--volumes"])));

  it(
    "leaves no container, network or volume",
    async () => {
      await labOk("up");
      await labOk("down", ["--volumes"]);
      const filter = ["--filter", "label=com.docker.compose.project=evenkeel", "-q"];
      expect(await docker("ps", "-a", ...filter)).toBe("");
      expect(await docker("network", "ls", ...filter)).toBe("");
      expect(await docker("volume", "ls", ...filter)).toBe("");
    },
    UP_AND_DOWN_MS,
  );

  it(
    "keeps the data without --volumes",
    async () => {
      await labOk("up");
      await labOk("down");
      for (const data of ["evenkeel_shop-data", "evenkeel_orders-data", "evenkeel_kafka-data"])
        expect(await docker("volume", "ls", "-q", "--filter", `name=^${data}$`)).toBe(data);
      await labOk("down", ["--volumes"]);
    },
    UP_AND_DOWN_MS,
  );

  it("cleans up a half-started lab, also with broken settings, and can be repeated", async () => {
    await docker("compose", "create");
    await docker("compose", "start", "redis");
    const answer = await lab("down", ["--volumes"], { LAB_REPLICAS: "many" });
    expect(answer.exitCode, answer.stderr).toBe(0);
    expect(await labContainers({ all: true })).toEqual([]);
    expect((await lab("down", ["--volumes"])).exitCode).toBe(0);
  });

  it(
    "is not needed for a container that an interrupted start left without a network: up repairs it",
    async () => {
      await docker("compose", "create");
      await docker("network", "disconnect", "evenkeel_middle", "evenkeel-nginx-1");
      const up = await labOk("up");
      expect(up.stderr).toContain("evenkeel-nginx-1");
      expect((await fetch(at("/health"))).status).toBe(200);
      await labOk("down", ["--volumes"]);
    },
    UP_AND_DOWN_MS,
  );

  it(
    "after an up that was interrupted halfway",
    async () => {
      await using up = labUntilInterrupted("up");
      await expect
        .poll(async () => (await labContainers({ all: true })).length, { timeout: 60_000, interval: 20 })
        .toBeGreaterThan(0);
      expect((await up.interrupt()).exitCode).toBe(130);
      await labOk("up");
      // A replica finds its way to Kafka a moment after that is healthy.
      await expect
        .poll(async () => (await lab("status")).exitCode, { timeout: 30_000, interval: 500 })
        .toBe(0);
      await labOk("down", ["--volumes"]);
    },
    UP_AND_DOWN_MS,
  );
});
