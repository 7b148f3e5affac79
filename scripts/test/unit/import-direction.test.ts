import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paths } from "../../src/lib/paths.ts";

let house: string;

/** Lints one import in one place of an empty house that has our rules. */
async function lint(file: string, from: string): Promise<{ allowed: boolean; said: string }> {
  const path = join(house, file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `import { x } from "${from}";\n\nexport const y = x;\n`);
  const biome = join(paths.root, "node_modules", ".bin", "biome");
  const { exitCode, all } = await execa(biome, ["lint", "--vcs-enabled=false", path], {
    cwd: house,
    all: true,
    reject: false,
  });
  await rm(path);
  return { allowed: exitCode === 0, said: all };
}

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), "evenkeel-house-"));
  await cp(join(paths.root, "biome.json"), join(house, "biome.json"));
});
afterAll(() => rm(house, { recursive: true }));

describe("the linter lets imports go one way only", () => {
  it.each([
    ["apps/shop/src/domain/a.ts", "../http/problem.ts"],
    ["apps/shop/src/domain/a.ts", "../adapters/sqlite.ts"],
    ["apps/shop/src/domain/a.ts", "express"],
    ["apps/shop/src/adapters/a.ts", "../http/problem.ts"],
    ["apps/shop/src/adapters/a.ts", "../config.ts"],
    ["apps/shop/src/http/a.ts", "../adapters/sqlite.ts"],
    ["apps/shop/src/http/routes/a.ts", "../../adapters/sqlite.ts"],
    ["apps/shop/src/http/routes/a.ts", "../../config.ts"],
    ["apps/shop/src/http/a.ts", "../replica.ts"],
    ["apps/shop/src/http/a.ts", "../reset.ts"],
    ["apps/shop/src/http/routes/a.ts", "../../main.ts"],
    ["apps/shop/src/app.ts", "./adapters/sqlite.ts"],
    ["apps/shop/src/app.ts", "./replica.ts"],
    ["apps/shop/src/app.ts", "./reset.ts"],
    ["apps/shop/src/app.ts", "./main.ts"],
    ["apps/shop/src/metrics.ts", "./http/problem.ts"],
    ["apps/shop/src/logger.ts", "./adapters/sqlite.ts"],
    ["apps/shop/src/assets.ts", "./replica.ts"],
    ["apps/shop/src/config.ts", "./main.ts"],
    ["apps/shop/src/instance-id.ts", "./config.ts"],
    ["apps/shop/src/replica.ts", "./main.ts"],
    ["apps/shop/src/reset.ts", "./http/problem.ts"],
    ["apps/shop/public/a.ts", "../src/domain/catalogue.ts"],
    ["apps/shop/src/a.ts", "@evenkeel/scripts"],
    ["apps/shop/src/domain/a.ts", "@evenkeel/scripts"],
    ["apps/shop/src/adapters/a.ts", "@evenkeel/scripts"],
    ["apps/shop/src/http/a.ts", "@evenkeel/scripts"],
    ["apps/shop/src/app.ts", "@evenkeel/scripts"],
    ["apps/shop/src/metrics.ts", "@evenkeel/scripts"],
    ["apps/shop/public/a.ts", "@evenkeel/scripts"],
    ["apps/shop/test/unit/a.ts", "../../../../scripts/src/lib/errors.ts"],
    ["apps/contracts/src/a.ts", "@evenkeel/shop"],
    ["apps/shop/src/a.ts", "../../../scripts/src/lib/errors.ts"],
    ["scripts/src/lib/a.ts", "../runtime/docker.ts"],
    ["scripts/src/runtime/a.ts", "../lab/strategies.ts"],
    ["scripts/src/runtime/doctor/a.ts", "../../lab/strategies.ts"],
    ["scripts/src/runtime/a.ts", "dockerode"],
    ["scripts/src/lab/a.ts", "../commands/up.ts"],
    ["scripts/src/lab/a.ts", "dockerode"],
    ["scripts/src/commands/a.ts", "dockerode"],
    ["scripts/src/commands/a.ts", "../../../apps/shop/src/app.ts"],
  ])("%s must not import %s", async (file, from) => {
    const { allowed, said } = await lint(file, from);
    expect(said).toContain("noRestrictedImports");
    expect(allowed).toBe(false);
  });

  it.each([
    ["apps/shop/src/domain/a.ts", "./ports.ts"],
    ["apps/shop/src/domain/a.ts", "@evenkeel/contracts"],
    ["apps/shop/src/adapters/a.ts", "../domain/ports.ts"],
    ["apps/shop/src/http/routes/a.ts", "../../domain/purchase.ts"],
    ["apps/shop/src/adapters/a.ts", "./sqlite-retry.ts"],
    ["apps/shop/src/http/a.ts", "../metrics.ts"],
    ["apps/shop/src/app.ts", "./http/problem.ts"],
    ["apps/shop/src/config.ts", "../package.json"],
    ["apps/shop/src/metrics.ts", "prom-client"],
    ["apps/shop/src/replica.ts", "./adapters/sqlite.ts"],
    ["apps/shop/src/main.ts", "./adapters/sqlite.ts"],
    ["apps/shop/public/a.ts", "./card.ts"],
    ["apps/shop/public/a.ts", "@evenkeel/contracts"],
    ["scripts/src/runtime/docker/a.ts", "dockerode"],
    ["scripts/src/runtime/a.ts", "../lib/errors.ts"],
    ["scripts/src/lab/a.ts", "../runtime/docker.ts"],
    ["scripts/src/commands/a.ts", "../lab/strategies.ts"],
  ])("%s may import %s", async (file, from) => {
    const { allowed, said } = await lint(file, from);
    expect(allowed, said).toBe(true);
  });
});
