import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paths } from "../../src/lib/paths.ts";
import { labContainers } from "../../src/runtime/docker.ts";
import { docker, lab, labOk } from "./harness.ts";

interface DoctorAnswer {
  findings: { id: string; severity: string; what: string; fix?: string }[];
}

describe("doctor", () => {
  beforeAll(async () => void (await labOk("down")));
  afterAll(async () => void (await labOk("down", ["--volumes"])));

  it("is content with this machine", async () => {
    const answer = await lab("doctor");
    expect(answer.exitCode, answer.stdout).toBe(0);
  });

  it("names the process that holds the port and the variable that changes it; up refuses to start", async () => {
    const server = createServer().listen(8000, "127.0.0.1");
    await once(server, "listening");
    try {
      const answer = await lab("doctor");
      expect(answer.exitCode).toBe(1);
      const finding = answer.json<DoctorAnswer>().findings.find(({ severity }) => severity === "error");
      expect(`${finding?.what} ${finding?.fix}`).toMatch(new RegExp(`8000.*${process.pid}.*LAB_PORT`, "s"));
      const up = await lab("up");
      expect(up.exitCode).toBe(1);
      expect(up.stderr).toContain("LAB_PORT");
      expect(await labContainers({ all: true })).toEqual([]);
    } finally {
      server.close();
    }
  });

  it("comes up on another port when asked to", async () => {
    await labOk("up", [], { LAB_PORT: "8123" });
    expect((await fetch("http://127.0.0.1:8123/health")).status).toBe(200);
    await labOk("down");
  });

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
  it("leaves no container, network or volume", async () => {
    await labOk("up");
    await labOk("down", ["--volumes"]);
    const filter = ["--filter", "label=com.docker.compose.project=evenkeel", "-q"];
    expect(await docker("ps", "-a", ...filter)).toBe("");
    expect(await docker("network", "ls", ...filter)).toBe("");
    expect(await docker("volume", "ls", ...filter)).toBe("");
  });

  it("keeps the data without --volumes", async () => {
    await labOk("up");
    await labOk("down");
    expect(await docker("volume", "ls", "-q", "--filter", "name=evenkeel_shop-data")).toBe(
      "evenkeel_shop-data",
    );
    await labOk("down", ["--volumes"]);
  });

  it("cleans up a half-started lab, also with broken settings, and can be repeated", async () => {
    await docker("compose", "create");
    await docker("compose", "start", "redis");
    const answer = await lab("down", ["--volumes"], { LAB_REPLICAS: "many" });
    expect(answer.exitCode, answer.stderr).toBe(0);
    expect(await labContainers({ all: true })).toEqual([]);
    expect((await lab("down", ["--volumes"])).exitCode).toBe(0);
  });

  it("is not needed for a container that an interrupted start left without a network: up repairs it", async () => {
    await docker("compose", "create");
    await docker("network", "disconnect", "evenkeel_middle", "evenkeel-nginx-1");
    const up = await labOk("up");
    expect(up.stderr).toContain("evenkeel-nginx-1");
    expect((await fetch("http://127.0.0.1:8000/health")).status).toBe(200);
    await labOk("down", ["--volumes"]);
  });

  it("after an up that was interrupted halfway", async () => {
    const up = execa("node", ["scripts/bootstrap.mjs", "lab", "up"], { cwd: paths.root, reject: false });
    await expect
      .poll(async () => (await labContainers({ all: true })).length, { timeout: 60_000, interval: 20 })
      .toBeGreaterThan(0);
    up.kill("SIGINT");
    expect((await up).exitCode).toBe(130);
    await labOk("up");
    expect((await lab("status")).exitCode).toBe(0);
    await labOk("down", ["--volumes"]);
  });
});
