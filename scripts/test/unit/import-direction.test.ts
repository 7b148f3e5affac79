import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { paths } from "../../src/lib/paths.ts";

type Import = [file: string, from: string];

const FORBIDDEN: Import[] = [
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
  ["apps/shop/src/assets.ts", "./replica.ts"],
  ["apps/shop/src/config.ts", "./main.ts"],
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
  ["apps/shop/src/domain/a.ts", "@evenkeel/kit/sqlite-retry"],
  ["apps/shop/src/adapters/a.ts", "@evenkeel/kit/http/problem"],
  ["apps/shop/src/reset.ts", "@evenkeel/kit/http/problem"],
  ["apps/shop/src/a.ts", "@evenkeel/orders"],
  ["apps/shop/src/adapters/a.ts", "../../../orders/src/metrics.ts"],
  ["apps/shop/src/a.ts", "../../kit/src/logger.ts"],
  ["apps/orders/src/domain/a.ts", "../http/error-handler.ts"],
  ["apps/orders/src/domain/a.ts", "../adapters/sqlite-books.ts"],
  ["apps/orders/src/domain/a.ts", "kafkajs"],
  ["apps/orders/src/domain/a.ts", "@evenkeel/kit/sqlite-retry"],
  ["apps/orders/src/adapters/a.ts", "../config.ts"],
  ["apps/orders/src/adapters/a.ts", "@evenkeel/kit/http/problem"],
  ["apps/orders/src/http/routes/a.ts", "../../adapters/sqlite-books.ts"],
  ["apps/orders/src/http/a.ts", "../service.ts"],
  ["apps/orders/src/app.ts", "./adapters/sqlite-books.ts"],
  ["apps/orders/src/app.ts", "./service.ts"],
  ["apps/orders/src/config.ts", "./main.ts"],
  ["apps/orders/src/metrics.ts", "./adapters/sqlite-books.ts"],
  ["apps/orders/src/service.ts", "./config.ts"],
  ["apps/orders/src/audit.ts", "./app.ts"],
  ["apps/orders/src/read-topic.ts", "./service.ts"],
  ["apps/orders/src/a.ts", "@evenkeel/shop"],
  ["apps/orders/src/a.ts", "@evenkeel/scripts"],
  ["apps/orders/src/a.ts", "../../shop/src/metrics.ts"],
  ["apps/kit/src/a.ts", "@evenkeel/shop"],
  ["apps/kit/src/http/a.ts", "@evenkeel/orders"],
  ["apps/kit/src/a.ts", "./http/problem.ts"],
  ["apps/contracts/src/a.ts", "@evenkeel/kit/logger"],
  ["apps/contracts/src/a.ts", "@evenkeel/shop"],
  ["apps/shop/src/a.ts", "../../../scripts/src/lib/errors.ts"],
  ["scripts/src/lib/a.ts", "../runtime/docker.ts"],
  ["scripts/src/runtime/a.ts", "../lab/strategies.ts"],
  ["scripts/src/runtime/doctor/a.ts", "../../lab/strategies.ts"],
  ["scripts/src/runtime/a.ts", "dockerode"],
  ["scripts/src/lab/a.ts", "../commands/up.ts"],
  ["scripts/src/lab/a.ts", "../report/page.ts"],
  ["scripts/src/lab/a.ts", "dockerode"],
  ["scripts/src/commands/a.ts", "dockerode"],
  ["scripts/src/commands/a.ts", "../../../apps/shop/src/app.ts"],
  ["scripts/src/commands/a.ts", "@evenkeel/orders"],
  ["scripts/src/lab/a.ts", "@evenkeel/kit/logger"],
];

const ALLOWED: Import[] = [
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
  ["apps/shop/src/adapters/a.ts", "@evenkeel/kit/redis-client"],
  ["apps/shop/src/http/a.ts", "@evenkeel/kit/http/problem"],
  ["apps/orders/src/domain/a.ts", "./ports.ts"],
  ["apps/orders/src/domain/a.ts", "@evenkeel/contracts"],
  ["apps/orders/src/adapters/a.ts", "../domain/ports.ts"],
  ["apps/orders/src/adapters/a.ts", "@evenkeel/kit/sqlite-retry"],
  ["apps/orders/src/adapters/a.ts", "kafkajs"],
  ["apps/orders/src/http/routes/a.ts", "@evenkeel/kit/http/errors"],
  ["apps/orders/src/service.ts", "./adapters/sqlite-books.ts"],
  ["apps/orders/src/audit.ts", "./adapters/sqlite-books.ts"],
  ["apps/orders/src/config.ts", "../package.json"],
  ["apps/orders/src/main.ts", "@evenkeel/kit/logger"],
  ["apps/kit/src/http/a.ts", "../logger.ts"],
  ["apps/kit/src/http/a.ts", "@evenkeel/contracts"],
  ["scripts/src/runtime/docker/a.ts", "dockerode"],
  ["scripts/src/runtime/a.ts", "../lib/errors.ts"],
  ["scripts/src/lab/a.ts", "../runtime/docker.ts"],
  ["scripts/src/commands/a.ts", "../lab/strategies.ts"],
];

/** "file line" of every import that our rules refuse, in an empty house with one line per import of a file. */
async function refusedIn(imports: Import[]): Promise<Set<string>> {
  const house = await mkdtemp(join(tmpdir(), "evenkeel-house-"));
  try {
    await cp(join(paths.root, "biome.json"), join(house, "biome.json"));
    for (const [file, lines] of linesByFile(imports)) {
      await mkdir(dirname(join(house, file)), { recursive: true });
      await writeFile(join(house, file), lines.map((from) => `import "${from}";\n`).join(""));
    }
    const biome = join(paths.root, "node_modules", ".bin", "biome");
    const options = ["--vcs-enabled=false", "--reporter=github", "--max-diagnostics=none"];
    const { all } = await execa(biome, ["lint", ...options, "."], { cwd: house, all: true, reject: false });
    const places = all.matchAll(/noRestrictedImports,file=(?:\.\/)?([^,]+),line=(\d+)/g);
    return new Set([...places].map(([, file = "", line]) => `${file.replace(`${house}/`, "")} ${line}`));
  } finally {
    await rm(house, { recursive: true });
  }
}

function linesByFile(imports: Import[]): Map<string, string[]> {
  const lines = new Map<string, string[]>();
  for (const [file, from] of imports) lines.set(file, [...(lines.get(file) ?? []), from]);
  return lines;
}

const placeOf = (imports: Import[], [file, from]: Import) =>
  `${file} ${(linesByFile(imports).get(file) ?? []).indexOf(from) + 1}`;

describe("the linter lets imports go one way only", () => {
  const ALL = [...FORBIDDEN, ...ALLOWED];
  let refused: Set<string>;
  beforeAll(async () => {
    refused = await refusedIn(ALL);
  });

  it.each(FORBIDDEN)("%s must not import %s", (...one) => {
    expect(refused).toContain(placeOf(ALL, one));
  });
  it.each(ALLOWED)("%s may import %s", (...one) => {
    expect(refused).not.toContain(placeOf(ALL, one));
  });
});
