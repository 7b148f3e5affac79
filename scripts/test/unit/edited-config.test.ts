import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newestChange } from "../../src/runtime/edited-config.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "evenkeel-config-"));
  for (const [path, second] of [
    ["main.conf", 100],
    ["deep/er/part.conf", 300],
    ["textfile/lab.prom", 900],
  ] as const) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), "");
    await utimes(join(folder, path), second, second);
  }
});
afterAll(() => rm(folder, { recursive: true }));

describe("the newest change of a configuration folder", () => {
  it("is found however deep it lies, and is never a figure that the lab itself wrote", async () => {
    expect(await newestChange(folder)).toBe(300_000);
  });
});
