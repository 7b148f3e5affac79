import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { beforeAll, describe, expect, it } from "vitest";
import { DASHBOARD_FILES, renderAll } from "../../src/dashboards/parts/catalogue.ts";
import { paths } from "../../src/lib/paths.ts";

// biome-ignore lint/suspicious/noExplicitAny: sabotage reaches anywhere.
type Sabotage = (dashboard: any) => void;

const firstOf = (kind: string, dashboard: { panels: { type: string }[] }) =>
  dashboard.panels.find(({ type }) => type === kind) as never as Record<string, Record<string, never>>;

/** What must be refused, each made from a good dashboard: [what, dashboard, how]. */
const SABOTAGED: [string, string, Sabotage][] = [
  ["a misspelt field of a panel", "lab-overview", (one) => Object.assign(one.panels[0], { tittle: "x" })],
  ["a panel without its kind", "lab-overview", (one) => delete one.panels[0].type],
  ["a kind of panel that Grafana does not have", "orders", (one) => (one.panels[0].type = "speedometer")],
  ["a grid position in words", "balancer", (one) => (one.panels[0].gridPos.w = "wide")],
  [
    "a colour mode that Grafana does not have",
    "orders",
    (one) => (one.panels[0].fieldConfig.defaults.color.mode = "rainbow"),
  ],
  ["a number that is no tooltip mode", "replicas", (one) => (one.graphTooltip = 7)],
  [
    "an option of another panel",
    "lab-overview",
    (one) => Object.assign(firstOf("stat", one).options ?? {}, { rowHeight: 1 }),
  ],
  [
    "a stacking mode that Grafana does not have",
    "lab-overview",
    (one) =>
      Object.assign(firstOf("timeseries", one).fieldConfig?.defaults ?? {}, {
        custom: { stacking: { mode: "pile" } },
      }),
  ],
  ["a query without an expression", "orders", (one) => delete one.panels[0].targets[0].expr],
  [
    "a misspelt field of an annotation",
    "orders",
    (one) => Object.assign(one.annotations.list[0], { useValueForTimes: true }),
  ],
  ["a variable of an unknown kind", "replicas", (one) => (one.templating.list[0].type = "guess")],
];

let refused: Map<string, string>;

/** Lets TypeScript read every file as Grafana's type; what it says, by file. */
async function check(files: Map<string, string>): Promise<Map<string, string>> {
  const house = await mkdtemp(join(tmpdir(), "evenkeel-schema-"));
  try {
    await mkdir(join(house, "files"));
    await symlink(join(paths.root, "node_modules"), join(house, "node_modules"));
    await cp(join(paths.root, "scripts", "test", "support", "grafana-schema.ts"), join(house, "schema.ts"));
    await writeFile(join(house, "package.json"), '{ "type": "module" }');
    await writeFile(
      join(house, "tsconfig.json"),
      JSON.stringify({
        extends: join(paths.root, "tsconfig.base.json"),
        compilerOptions: { types: [] },
        include: ["."],
      }),
    );
    for (const [name, json] of files)
      await writeFile(
        join(house, "files", `${name}.ts`),
        `import type { DashboardFile } from "../schema.ts";\nexport const file: DashboardFile = ${json};\n`,
      );
    const tsc = join(paths.root, "node_modules", ".bin", "tsc");
    const { stdout } = await execa(tsc, ["-p", house, "--pretty", "false"], { cwd: house, reject: false });
    const said = new Map<string, string>();
    for (const line of stdout.split("\n").filter((one) => !one.startsWith(" "))) {
      const name = /^files\/(.+)\.ts\(/.exec(line)?.[1] ?? "the schema itself";
      if (line) said.set(name, `${said.get(name) ?? ""}${line}\n`);
    }
    return said;
  } finally {
    await rm(house, { recursive: true });
  }
}

const committed = [...(await renderAll()).keys()].map((file) => file.replace(".json", ""));

beforeAll(async () => {
  const read = (id: string) => readFile(join(DASHBOARD_FILES, `${id}.json`), "utf8");
  const files = new Map<string, string>();
  for (const id of committed) files.set(id, await read(id));
  for (const [index, [, id, sabotage]] of SABOTAGED.entries()) {
    const dashboard = JSON.parse(await read(id));
    sabotage(dashboard);
    files.set(`sabotaged-${index}`, JSON.stringify(dashboard, null, 2));
  }
  refused = await check(files);
}, 60_000);

describe("Grafana's own types", () => {
  it.each(committed)("accept the dashboard %s", (id) => {
    expect(refused.get("the schema itself")).toBeUndefined();
    expect(refused.get(id)).toBeUndefined();
  });

  it.each(SABOTAGED.map(([what], index) => [what, index] as const))("refuse %s", (_, index) => {
    expect(refused.get(`sabotaged-${index}`)).toMatch(/error TS/);
  });
});
