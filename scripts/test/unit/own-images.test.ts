import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ensureChromium } from "../../src/runtime/chromium.ts";
import { BASE, findBase } from "../../src/runtime/images/base.ts";
import {
  isWholeNpm,
  type NodeFacts,
  nodeFile,
  npmFolder,
  shortcomings,
} from "../../src/runtime/images/host-programs.ts";
import { importWhole } from "../../src/runtime/images/import-whole.ts";
import { isVersionOf, versionIn } from "../../src/runtime/images/real-version.ts";
import { mayInstall } from "../../src/runtime/settings.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-own-images-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** An engine that takes whatever comes, as the real one does, and remembers its images by name. */
function engine(images = new Set<string>()) {
  return {
    images,
    importImage: vi.fn(async (tar: NodeJS.ReadableStream, repo: string, tag: string) => {
      for await (const _ of tar);
      images.add(`${repo}:${tag}`);
    }),
    tagImage: vi.fn(async (_: string, repo: string, tag: string) => void images.add(`${repo}:${tag}`)),
    removeImage: vi.fn(async (ref: string) => void images.delete(ref)),
  };
}
const name = { repo: "evenkeel/base", tag: "forky", changes: [] };

describe("the base image", () => {
  it("gets its name when the program that makes it has succeeded, and leaves no other", async () => {
    const [docker, tar] = [engine(), new PassThrough()];
    tar.end("files");
    await importWhole({ tar, done: Promise.resolve(), stop: () => {} }, name, docker);
    expect([...docker.images]).toEqual(["evenkeel/base:forky"]);
  });

  it("does not exist when that program failed, although the engine took its empty output", async () => {
    const [docker, tar] = [engine(), new PassThrough()];
    tar.end();
    const done = Promise.reject(new Error("mirror away"));
    await expect(importWhole({ tar, done, stop: () => {} }, name, docker)).rejects.toThrow("mirror away");
    expect(docker.importImage).toHaveBeenCalledOnce();
    expect([...docker.images]).toEqual([]);
  });

  it("lets the program go when the engine fails, and says what the engine said", async () => {
    const [docker, tar] = [engine(), new PassThrough()];
    docker.importImage.mockRejectedValue(new Error("no space left on device"));
    let end = (_: Error) => {};
    const done = new Promise((_, reject) => {
      end = reject;
    });
    const stop = () => end(new Error("killed"));
    await expect(importWhole({ tar, done, stop }, name, docker)).rejects.toThrow("no space left");
    expect([...docker.images]).toEqual([]);
  });

  it("of an implausible size counts as absent", async () => {
    const find = (size: number) => async (ref: string) => ({ id: ref, size, labels: {} });
    expect(await findBase(find(0))).toBeUndefined();
    expect(await findBase(find(19 * 1024 ** 2))).toBeUndefined();
    expect(await findBase(find(120 * 1024 ** 2))).toMatchObject({ id: BASE });
    expect(await findBase(async () => undefined)).toBeUndefined();
  });
});

describe("LAB_INSTALL", () => {
  it("allows only with a plain yes, which is the default", () => {
    const allowed = [undefined, "", "yes", "no", "No", "false", "yess"].filter((word) =>
      mayInstall({ LAB_INSTALL: word }),
    );
    expect(allowed).toEqual([undefined, "", "yes"]);
  });

  it("=no keeps Chromium away, too", async () => {
    vi.stubEnv("LAB_INSTALL", "no");
    const installed: string[][] = [];
    const install = async (_: string, args: string[]) => String(installed.push(args));
    await ensureChromium(undefined, { places: [], run: install, root: true });
    expect(installed).toEqual([]);
    vi.stubEnv("LAB_INSTALL", "yes");
    await ensureChromium(undefined, { places: [], run: install, root: true });
    vi.unstubAllEnvs();
    expect(installed.at(-1)).toContain("chromium");
  });
});

describe("the npm that goes into an image", () => {
  const npm = async (id: string, ...files: string[]) => {
    const place = join(folder, id);
    for (const file of files) {
      await mkdir(join(place, file, ".."), { recursive: true });
      await writeFile(join(place, file), "{}");
    }
    return place;
  };
  const whole = ["bin/npm-cli.js", "package.json", "node_modules/semver/package.json"];

  it("has its dependencies inside, unlike Debian's own", async () => {
    const debian = await npm("debian", "bin/npm-cli.js", "package.json");
    const bundled = await npm("bundled", ...whole);
    expect([debian, bundled, join(folder, "nowhere")].map(isWholeNpm)).toEqual([false, true, false]);
    expect(npmFolder([join(folder, "nowhere"), debian, bundled])).toBe(bundled);
    expect(() => npmFolder([debian])).toThrow(/No npm that can be copied.*own node_modules.*debian/);
  });

  it("is the one that this checkout pins", () => {
    expect(npmFolder()).toMatch(/node_modules[\\/]npm$/);
  });
});

describe("the Node that goes into an image", () => {
  const good: NodeFacts = {
    version: "24.1.0",
    platform: "linux",
    typescript: true,
    glibc: true,
    selfContained: true,
  };

  it.each<[Partial<NodeFacts>, string[]]>([
    [{}, []],
    [{ typescript: false }, ["cannot run TypeScript"]],
    [{ glibc: false }, ["is not made for glibc"]],
    [{ selfContained: false }, ["needs shared libraries of this machine"]],
    [{ platform: "darwin", glibc: false }, ["is made for darwin"]],
  ])("must fit: %j", (facts, expected) => {
    expect(shortcomings({ ...good, ...facts })).toEqual(expected);
  });

  it("is the pinned one, else the one that runs this, else none", async () => {
    const modules = join(folder, "modules");
    expect(nodeFile(modules, () => good, "/usr/bin/node")).toEqual({
      file: "/usr/bin/node",
      version: "24.1.0",
    });
    const debian = () => ({ ...good, typescript: false, selfContained: false });
    expect(() => nodeFile(modules, debian, "/usr/bin/node")).toThrow(
      "this one (/usr/bin/node, 24.1.0) does not fit: it cannot run TypeScript, and it needs shared libraries",
    );
    await mkdir(join(modules, "node", "bin"), { recursive: true });
    await writeFile(join(modules, "node", "bin", "node"), "");
    await writeFile(join(modules, "node", "package.json"), '{"version":"24.21.0"}');
    const pinned = { file: join(modules, "node", "bin", "node"), version: "24.21.0" };
    expect(nodeFile(modules, debian, "/usr/bin/node")).toEqual(pinned);
  });
});

describe("the version that an own image really holds", () => {
  it("is read from what its program says", () => {
    expect(versionIn("nginx version: nginx/1.30.6")).toBe("1.30.6");
    expect(versionIn("Redis server v=8.0.6 sha=00000000:0 malloc=jemalloc-5.3.1")).toBe("8.0.6");
    expect(versionIn("v24.21.0")).toBe("24.21.0");
    expect(versionIn("sh: not found")).toBeUndefined();
  });

  it.each([
    ["1.30.6", "evenkeel/nginx:1.30.6", true],
    ["1.30.1", "evenkeel/nginx:1.30.6", false],
    ["1.30.61", "evenkeel/nginx:1.30.6", false],
    ["8.0.6", "evenkeel/redis:8", true],
    ["80.0", "evenkeel/redis:8", false],
    ["24.21.0", "evenkeel/node:24-slim", true],
    ["25.0.0", "evenkeel/node:24-slim", false],
    ["1.0", "evenkeel/thing:latest", true],
  ])("%s under the name %s: %s", (version, ref, expected) => {
    expect(isVersionOf(version, ref)).toBe(expected);
  });
});
