import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgeArchitecture } from "../../src/runtime/doctor/architecture.ts";
import { judgeCaFile } from "../../src/runtime/doctor/ca-file.ts";
import { judgeDisk } from "../../src/runtime/doctor/disk.ts";
import { judgeEngine } from "../../src/runtime/doctor/engine.ts";
import { knobsIn, unknownNames } from "../../src/runtime/doctor/env.ts";
import { judgeLeftovers } from "../../src/runtime/doctor/leftovers.ts";
import { filesWithCrlf } from "../../src/runtime/doctor/line-endings.ts";
import { availableIn, judgeMemory } from "../../src/runtime/doctor/memory.ts";
import { judgeFolders } from "../../src/runtime/doctor/other-folder.ts";
import { taken } from "../../src/runtime/doctor/port.ts";
import { judgeProject, namesReplicas } from "../../src/runtime/doctor/project-name.ts";
import { closedToOthers, judgeClosed } from "../../src/runtime/doctor/readable.ts";
import { strategyFinding } from "../../src/runtime/doctor/strategy.ts";
import { judgeNode } from "../../src/runtime/doctor/versions.ts";
import { bindProblem, parseListeners, parseLsof, portOwners } from "../../src/runtime/port-owner.ts";

const GIB = 1024 ** 3;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-doctor-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("a taken port", () => {
  const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000
   1: 0100007F:1F40 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000
   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 99 1 0000000000000000
`;

  it("is read from /proc/net/tcp: listening sockets only", () => {
    expect(parseListeners(TCP)).toEqual([
      { port: 8000, inode: "4711" },
      { port: 22, inode: "99" },
    ]);
  });

  it("is traced to the process that holds the socket", async () => {
    const proc = join(folder, "proc");
    await mkdir(join(proc, "net"), { recursive: true });
    await writeFile(join(proc, "net", "tcp"), TCP);
    await mkdir(join(proc, "321", "fd"), { recursive: true });
    await symlink("socket:[4711]", join(proc, "321", "fd", "5"));
    await writeFile(join(proc, "321", "comm"), "python3\n");
    await writeFile(join(proc, "321", "cmdline"), "python3\0-m\0http.server\0");
    expect(await portOwners(8000, proc)).toEqual([
      { pid: 321, name: "python3", command: "python3 -m http.server" },
    ]);
    expect(await portOwners(22, proc)).toEqual([]);
  });

  it("of a real process is found", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
    );
    expect(await bindProblem("127.0.0.1", port)).toBe("taken");
    expect((await portOwners(port)).map(({ pid }) => pid)).toContain(process.pid);
    await new Promise((resolve) => server.close(resolve));
    expect(await bindProblem("127.0.0.1", port)).toBeUndefined();
    expect(await portOwners(port)).toEqual([]);
  });

  it("at an address that this machine has not is another matter", async () => {
    expect(await bindProblem("192.0.2.1", 8000)).toBe("address");
  });

  it("on a Mac is read from lsof", () => {
    expect(parseLsof("p77\ncControlCe\nf10\np88\ncnode\n").map(({ pid, name }) => `${pid} ${name}`)).toEqual([
      "77 ControlCe",
      "88 node",
    ]);
  });

  it("is told with its owner, the variable and a free port", () => {
    const owner = { pid: 321, name: "python3", command: "python3 -m http.server" };
    expect(taken(8000, [], [owner], 8001)).toEqual({
      severity: "error",
      what: "Port 8000 is taken by process 321 (python3 -m http.server).",
      fix: "Either set LAB_PORT=8001 in .env, or end it: kill 321",
    });
    const proxy = { pid: 9, name: "docker-proxy", command: "docker-proxy" };
    expect(taken(8000, ["blog"], [proxy], 8001).what).toBe("Port 8000 is taken by the container blog.");
    expect(taken(8000, [], [], undefined).fix).toBe("To go on, set LAB_PORT to a free port in .env.");
  });
});

describe("the other examinations", () => {
  it("find a mistyped setting and guess what was meant", () => {
    const known = knobsIn("# words\nLAB_PORT=8000\n#LAB_CA_FILE=\n");
    expect(known).toEqual(["LAB_PORT", "LAB_CA_FILE"]);
    expect(unknownNames(["LAB_PROT", "PATH", "LAB_PORT", "LAB_IMAGES"], known)).toEqual([
      expect.objectContaining({
        severity: "warning",
        fix: expect.stringContaining("Did you mean LAB_PORT?"),
      }),
    ]);
    expect(unknownNames(["LAB_SOMETHING_ELSE"], known)[0]?.fix).not.toContain("Did you mean");
  });

  it("find CRLF in scripts and configuration, and nowhere else", async () => {
    const place = join(folder, "crlf");
    await mkdir(join(place, "sub"), { recursive: true });
    await writeFile(join(place, "good.sh"), "echo\n");
    await writeFile(join(place, "sub", "bad.conf"), "a;\r\nb;\n");
    await writeFile(join(place, "text.md"), "a\r\n");
    expect(await filesWithCrlf(place)).toEqual([join(place, "sub", "bad.conf")]);
  });

  it("weigh memory and disk", () => {
    expect(availableIn("MemTotal: 9 kB\nMemAvailable:    2048 kB\n")).toBe(2 * 1024 ** 2);
    expect(judgeMemory(2 * GIB, "is free").severity).toBe("ok");
    expect(judgeMemory(GIB / 2, "is free")).toMatchObject({
      severity: "warning",
      what: "Only 512 MiB of memory is free; the lab wants 2.0 GiB.",
    });
    expect([6, 2, 0.5].map((gib) => judgeDisk(gib * GIB, "/var/lib/docker").severity)).toEqual([
      "ok",
      "warning",
      "error",
    ]);
  });

  it("know architectures and emulation", () => {
    expect(judgeArchitecture("x86_64", "x64").severity).toBe("ok");
    expect(judgeArchitecture("aarch64", "x64").what).toContain("emulated");
    expect(judgeArchitecture("riscv64", "riscv64").severity).toBe("warning");
  });

  it("tell a half-started lab from a whole one, a removed one and none", () => {
    const app = { name: "lab-app-1", state: "running" };
    expect(judgeLeftovers([], []).severity).toBe("ok");
    expect(judgeLeftovers([app], ["lab_door"]).severity).toBe("ok");
    expect(judgeLeftovers([app, { name: "lab-app-2", state: "created" }], []).what).toBe(
      "The lab is half there: lab-app-2 is created.",
    );
    expect(judgeLeftovers([], ["lab_door"]).what).toContain("lab_door");
  });

  it("name a lab of the same name from another folder", () => {
    expect(judgeFolders("evenkeel", "/here", ["/here"])).toEqual([]);
    expect(judgeFolders("evenkeel", "/here", ["/there"])[0]).toMatchObject({
      severity: "error",
      what: expect.stringContaining("/there"),
      fix: "Stop that one first: cd /there && npm run lab:down",
    });
  });

  it("name a LAB_CA_FILE that is not there", async () => {
    await writeFile(join(folder, "ca.pem"), "");
    expect(judgeCaFile(undefined)).toEqual([]);
    expect(judgeCaFile("", folder)).toEqual([]);
    expect(judgeCaFile("ca.pem", folder)).toMatchObject([{ severity: "ok" }]);
    for (const wrong of ["ca.pme", join(folder, "ca.pme"), "."])
      expect(judgeCaFile(wrong, folder), wrong).toMatchObject([
        { severity: "error", what: expect.stringContaining(join(folder, wrong.replace(folder, ""))) },
      ]);
  });

  it("warn of strategies that name containers of another project", () => {
    expect(namesReplicas("upstream a {\n    server evenkeel-app-1:8000 resolve;\n}")).toBe(true);
    expect(namesReplicas("# server evenkeel-app-1:8000\nserver app:8000 resolve;")).toBe(false);
    expect(judgeProject("evenkeel", ["weighted"])).toMatchObject([{ severity: "ok" }]);
    expect(judgeProject("other", ["hash-uri", "weighted"])).toMatchObject([
      { severity: "warning", what: expect.stringMatching(/hash-uri and weighted .* other-app-1/) },
    ]);
  });

  it("find files that the containers' users may not read, and say the fix", async () => {
    const place = join(folder, "closed");
    await mkdir(join(place, "sub"), { recursive: true });
    for (const file of ["open.conf", "closed.conf", "sub/open.conf"]) await writeFile(join(place, file), "");
    await chmod(place, 0o755);
    await chmod(join(place, "open.conf"), 0o644);
    await chmod(join(place, "sub", "open.conf"), 0o644);
    await chmod(join(place, "closed.conf"), 0o600);
    await chmod(join(place, "sub"), 0o700);
    expect(await closedToOthers(place)).toEqual([join(place, "closed.conf"), join(place, "sub")]);
    expect(judgeClosed([]).severity).toBe("ok");
    const paths = ["nginx", "nginx/nginx.conf", "nginx/start.sh", "nginx/strategy.sh"];
    expect(judgeClosed(paths)).toEqual({
      severity: "error",
      what: expect.stringContaining("nginx, nginx/nginx.conf, nginx/start.sh and 1 more"),
      fix: "Type: chmod -R go+rX nginx",
    });
  });

  it("mind versions and the engine's state", () => {
    expect(judgeNode("24.1.0", "11.0.0").severity).toBe("ok");
    expect(judgeNode("20.1.0", undefined).severity).toBe("warning");
    expect(judgeEngine({ case: "ready" })).toEqual([]);
    expect(judgeEngine({ case: "install" })[0]?.fix).toContain("LAB_INSTALL=no");
    expect(judgeEngine({ case: "error", code: "c", message: "m", hint: "h" })).toEqual([
      { severity: "error", what: "m", fix: "h" },
    ]);
  });
});

describe("the strategy that nginx starts with", () => {
  it("is fine when it has a file", () => {
    expect(strategyFinding("ip-hash", ["ip-hash", "weighted"])).toMatchObject([{ severity: "ok" }]);
  });
  it("is refused with the nearest name when it has none", () => {
    const [finding] = strategyFinding("wieghted", ["ip-hash", "weighted"]);
    expect(finding).toMatchObject({
      severity: "error",
      fix: expect.stringContaining('Nearest is "weighted"'),
    });
  });
});
