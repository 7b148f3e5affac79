import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { endpoint } from "../../src/runtime/docker.ts";
import { candidateIn, mirrorIn } from "../../src/runtime/engine/apt.ts";
import { decide, type EngineFacts, olderThan } from "../../src/runtime/engine/decide.ts";
import { debianLike } from "../../src/runtime/engine/facts.ts";
import { choosePackage } from "../../src/runtime/engine/plugins.ts";
import { isStale, isThere } from "../../src/runtime/engine/start.ts";

const ready: EngineFacts = {
  platform: "linux",
  debianLike: true,
  root: true,
  sudo: false,
  installAllowed: true,
  host: "unix:///var/run/docker.sock",
  chosenBy: "default",
  answer: "ok",
  reason: "",
  daemon: true,
  systemd: false,
  cli: "28.2.2",
  compose: "2.40.3-3",
  buildx: "0.29.1",
};
const off = { answer: "none", reason: "connect ENOENT /var/run/docker.sock" } as const;
const bare = { ...off, daemon: false, cli: undefined, compose: undefined, buildx: undefined };
const user = { root: false, sudo: false };

describe("each state of the engine has its own answer", () => {
  it.each<[string, Partial<EngineFacts>, object]>([
    ["it answers", {}, { case: "ready" }],
    ["installed, stopped, root", off, { case: "start", how: "process" }],
    [
      "installed, stopped, systemd",
      { ...off, systemd: true, ...user, sudo: true },
      { case: "start", how: "systemd" },
    ],
    [
      "installed, stopped, plain user",
      { ...off, systemd: true, ...user },
      { code: "engine.stopped", hint: expect.stringContaining("sudo systemctl start docker") },
    ],
    [
      "running, but not for this user",
      { answer: "permission", ...user },
      { code: "engine.permission", hint: expect.stringContaining("usermod -aG docker") },
    ],
    ["none on Debian as root", bare, { case: "install" }],
    ["none on Debian with sudo", { ...bare, ...user, sudo: true }, { case: "install" }],
    ["a client without an engine is none", { ...bare, cli: "28.2.2" }, { case: "install" }],
    [
      "none, LAB_INSTALL=no",
      { ...bare, installAllowed: false },
      { code: "engine.missing", hint: expect.stringContaining("docker.io") },
    ],
    [
      "none, plain user on Debian",
      { ...bare, ...user },
      { code: "engine.missing", hint: expect.stringContaining("as root") },
    ],
    [
      "none on Fedora",
      { ...bare, debianLike: false },
      { code: "engine.missing", hint: expect.stringContaining("distribution") },
    ],
    [
      "none on a Mac",
      { ...bare, platform: "darwin", debianLike: false, ...user },
      { code: "engine.missing", hint: expect.stringContaining("Docker Desktop") },
    ],
    [
      "DOCKER_HOST leads nowhere",
      { ...off, chosenBy: "DOCKER_HOST", host: "tcp://10.0.0.9:2375" },
      { code: "engine.elsewhere", message: expect.stringContaining("tcp://10.0.0.9:2375") },
    ],
    ["no Compose", { compose: undefined }, { case: "plugins", missing: ["compose"] }],
    [
      "Compose too old, no buildx",
      { compose: "2.17.2", buildx: undefined },
      { case: "plugins", missing: ["compose", "buildx"] },
    ],
    [
      "no plug-ins, LAB_INSTALL=no",
      { compose: undefined, installAllowed: false },
      { code: "engine.plugins", message: expect.stringContaining("Docker Compose 2 is missing") },
    ],
    [
      "Compose too old on a Mac",
      { platform: "darwin", debianLike: false, compose: "2.17.2" },
      { code: "engine.plugins", message: expect.stringContaining("2.17.2 is older than 2.20") },
    ],
    [
      "an engine without a client",
      { cli: undefined, compose: undefined, buildx: undefined },
      { code: "engine.client" },
    ],
  ])("%s", (_, facts, expected) => {
    expect(decide({ ...ready, ...facts })).toMatchObject(expected);
  });

  it("tells a mere client when it may not install", () => {
    expect(decide({ ...ready, ...bare, cli: "28.2.2", installAllowed: false })).toMatchObject({
      message: expect.stringContaining("only a client"),
    });
  });
});

describe("pid files", () => {
  it("are stale when their process is gone, or is another program by now", async () => {
    const proc = await mkdtemp(join(tmpdir(), "evenkeel-proc-"));
    for (const [pid, comm, state] of [
      ["100", "dockerd", "S"],
      ["200", "bash", "S"],
      ["300", "dockerd", "Z"],
    ] as const) {
      await mkdir(join(proc, pid));
      await writeFile(join(proc, pid, "comm"), `${comm}\n`);
      await writeFile(join(proc, pid, "status"), `Name:\t${comm}\nState:\t${state} (some)\n`);
    }
    const verdicts = ["100\n", "200", "300", "400", "", "rubbish"].map((pid) =>
      isStale(pid, "dockerd", proc),
    );
    expect(verdicts).toEqual([false, true, true, true, false, true]);
    await rm(proc, { recursive: true });
  });
});

describe("a started engine", () => {
  const answer = (code?: string) => async () => {
    if (code) throw Object.assign(new Error(code), { code });
  };
  it("is there as soon as it listens, even when this user may not talk to it", async () => {
    expect(await isThere(answer())).toBe(true);
    expect(await isThere(answer("EACCES"))).toBe(true);
    expect(await isThere(answer("EPERM"))).toBe(true);
    await expect(isThere(answer("ENOENT"))).rejects.toThrow("ENOENT");
    await expect(isThere(answer("ECONNREFUSED"))).rejects.toThrow("ECONNREFUSED");
  });
});

describe("packages", () => {
  const policy = `docker-compose:
  Installed: (none)
  Candidate: 1.29.2-3
  Version table:
docker-compose-v2:
  Installed: (none)
  Candidate: (none)
docker-buildx:
  Installed: (none)
  Candidate: 1:0.30.1-0ubuntu1
`;
  it("are read from apt-cache policy", () => {
    expect(candidateIn(policy, "docker-compose")).toBe("1.29.2-3");
    expect(candidateIn(policy, "docker-compose-v2")).toBeUndefined();
    expect(candidateIn(policy, "docker-buildx")).toBe("0.30.1-0ubuntu1");
    expect(candidateIn(policy, "nothing")).toBeUndefined();
  });

  it("with an old Compose do not count", () => {
    expect(choosePackage("compose", new Map([["docker-compose", "1.29.2-3"]]))).toBeUndefined();
    expect(choosePackage("compose", new Map([["docker-compose", "2.26.1-4"]]))).toBe("docker-compose");
    expect(
      choosePackage(
        "compose",
        new Map([
          ["docker-compose", "1.29.2"],
          ["docker-compose-v2", "2.37.1"],
        ]),
      ),
    ).toBe("docker-compose-v2");
  });

  it("come from the machine's own mirror, in either format of sources", () => {
    const deb822 =
      "Types: deb\n# http://old.example/debian\nURIs: https://mirror.example/debian/\nSuites: bookworm\n";
    expect(mirrorIn(deb822)).toBe("https://mirror.example/debian");
    expect(mirrorIn("deb [signed-by=/k.gpg] http://m.example/debian bookworm main")).toBe(
      "http://m.example/debian",
    );
    expect(mirrorIn("deb http://s.example/debian-security x main\n")).toBeUndefined();
    expect(mirrorIn("deb http://a.example/ubuntu noble main\n")).toBeUndefined();
  });

  it("come from the list that Debian's cloud images name", () => {
    const lists: Record<string, string> = {
      "/etc/apt/mirrors/debian.list": "# nearest\nhttps://cloud.example/debian\n",
      "/etc/apt/mirrors/debian-security.list": "https://cloud.example/debian-security\n",
      "/loop": "mirror+file:/loop\n",
    };
    const read = (file: string) => lists[file] ?? "";
    const uris = (list: string) => `Types: deb\nURIs: mirror+file://${list}\nSuites: trixie\n`;
    const both = uris("/etc/apt/mirrors/debian-security.list") + uris("/etc/apt/mirrors/debian.list");
    expect(mirrorIn(both, read)).toBe("https://cloud.example/debian");
    expect(mirrorIn("deb mirror+file:/etc/apt/mirrors/debian.list trixie main", read)).toBe(
      "https://cloud.example/debian",
    );
    expect(mirrorIn(uris("/nowhere"), read)).toBeUndefined();
    expect(mirrorIn(uris("/loop"), read)).toBeUndefined();
  });

  it("exist on Debian and what is like it", () => {
    expect(debianLike('ID=debian\nVERSION_ID="12"')).toBe(true);
    expect(debianLike('ID=linuxmint\nID_LIKE="ubuntu debian"')).toBe(true);
    expect(debianLike('ID=fedora\nHOME_URL="https://debian.example"')).toBe(false);
  });

  it("have versions that compare by number", () => {
    expect(olderThan("2.9.0", "2.20")).toBe(true);
    expect(olderThan("2.20.0", "2.20")).toBe(false);
    expect(olderThan("10", "9")).toBe(false);
  });
});

describe("the engine's address", () => {
  it("is DOCKER_HOST, then the docker command's context, then the default", async () => {
    const home = await mkdtemp(join(tmpdir(), "evenkeel-home-"));
    const meta = join(home, ".docker", "contexts", "meta", createHash("sha256").update("away").digest("hex"));
    await mkdir(meta, { recursive: true });
    await writeFile(join(home, ".docker", "config.json"), '{"currentContext":"away"}');
    await writeFile(join(meta, "meta.json"), '{"Endpoints":{"docker":{"Host":"tcp://10.0.0.7:2376"}}}');
    expect(endpoint({ DOCKER_HOST: "tcp://h:1" }, home)).toEqual({
      host: "tcp://h:1",
      source: "DOCKER_HOST",
    });
    expect(endpoint({}, home)).toEqual({ host: "tcp://10.0.0.7:2376", source: "context", context: "away" });
    expect(endpoint({ DOCKER_CONTEXT: "default" }, home).source).toBe("default");
    await rm(home, { recursive: true });
  });
});
