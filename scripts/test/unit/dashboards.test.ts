import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { DASHBOARD_FILES, renderAll } from "../../src/dashboards/parts/catalogue.ts";
import { REPLICA_COLOURS } from "../../src/dashboards/parts/colours.ts";
import { COLUMNS, dashboardJson } from "../../src/dashboards/parts/dashboard.ts";
import { PROMETHEUS } from "../../src/dashboards/parts/query.ts";
import { writeDashboards } from "../../src/dashboards/parts/write.ts";
import { paths } from "../../src/lib/paths.ts";

interface PanelJson {
  id: number;
  type: string;
  title: string;
  description: string;
  gridPos: { x: number; y: number; w: number; h: number };
  datasource: unknown;
  targets: { refId: string; legendFormat: string; datasource: unknown }[];
  options: { legend?: { showLegend: boolean } };
  fieldConfig: { defaults: { unit: string } };
}

const read = (file: string) => readFile(join(DASHBOARD_FILES, file), "utf8");
const provisioning = async (file: string) =>
  parse(await readFile(join(paths.root, "monitoring", "grafana", "provisioning", file), "utf8"));

const rendered = await renderAll();
const dashboards = await Promise.all(
  [...rendered.keys()].map(async (file) => ({
    file,
    ...(JSON.parse(await read(file)) as { uid: string; panels: PanelJson[] }),
  })),
);
const panels = dashboards.flatMap(({ file, panels }) =>
  panels.filter(({ type }) => type !== "row").map((panel) => [file, panel.title, panel] as const),
);

/** Every pair of panels that cover a common cell of the grid. */
function overlaps(all: Pick<PanelJson, "title" | "gridPos">[]): string[] {
  const apart = (a: PanelJson["gridPos"], b: PanelJson["gridPos"]) =>
    a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
  return all.flatMap((one, index) =>
    all
      .slice(index + 1)
      .filter((other) => !apart(one.gridPos, other.gridPos))
      .map((other) => `${one.title} and ${other.title}`),
  );
}

/** Two sentences: what it shows, and what to look for. */
const explains = (text: string) => /^[A-Z].{25,}[.].*[.]$/s.test(text) && text.length < 400;

describe("committed dashboards", () => {
  it("are what the generator writes", async () => {
    const there = (await readdir(DASHBOARD_FILES)).filter((file) => file.endsWith(".json")).sort();
    expect(there).toEqual([...rendered.keys()].sort());
    for (const [file, json] of rendered)
      expect(await read(file), `${file} is old: npm run lab:dashboards`).toBe(json);
  });

  it.each(dashboards)("$file: no id twice, nothing overlaps, nothing sticks out", ({ panels }) => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(overlaps(panels)).toEqual([]);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(COLUMNS);
  });

  it.each(panels)("%s: %s says what it shows, in which unit, and names its series", (_, __, panel) => {
    expect(explains(panel.description), panel.description).toBe(true);
    expect(panel.fieldConfig.defaults.unit).toBeTruthy();
    expect(panel.targets.length).toBeGreaterThan(0);
    for (const target of panel.targets) {
      expect(target.legendFormat).toBeTruthy();
      expect(target.datasource).toEqual(PROMETHEUS);
    }
    expect(new Set(panel.targets.map(({ refId }) => refId)).size).toBe(panel.targets.length);
    if (["timeseries", "state-timeline"].includes(panel.type))
      expect(panel.options.legend?.showLegend).toBe(true);
  });

  it("have ids of their own and no panel that explains nothing", () => {
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
    const place = { x: 0, y: 0, w: 12, h: 8 };
    expect(
      overlaps([
        { title: "a", gridPos: place },
        { title: "b", gridPos: { ...place, x: 11 } },
      ]),
    ).toEqual(["a and b"]);
    expect(explains("CPU usage.")).toBe(false);
  });

  it("paint replicas as the shop's page does", async () => {
    const light = (await readFile(paths.tokens, "utf8")).split("@media")[0] ?? "";
    const tokens = [...light.matchAll(/--replica-([1-9]): (#\w+);/g)].map(([, , colour]) => colour);
    expect(tokens).toEqual([...REPLICA_COLOURS]);
  });
});

describe("provisioning", () => {
  it("gives the datasource the id that the dashboards name", async () => {
    const { datasources } = await provisioning("datasources/prometheus.yml");
    expect(datasources).toEqual([
      expect.objectContaining({ uid: PROMETHEUS.uid, url: "http://prometheus:9090" }),
    ]);
  });

  it("looks for dashboards where Compose mounts them, and opens one of them first", async () => {
    const compose = parse(await readFile(paths.composeFile, "utf8"), { merge: true });
    const { volumes, environment } = compose.services.grafana;
    const { providers } = await provisioning("dashboards/evenkeel.yml");
    const { path } = providers[0].options;
    expect(volumes).toContain(`./monitoring/grafana/dashboards:${path}:ro`);
    const home = environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH;
    expect(rendered.has(home.replace(`${path}/`, ""))).toBe(true);
  });
});

describe("lab dashboards", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "evenkeel-dashboards-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("writes what is missing, removes what is no more, and then has nothing to do", async () => {
    await writeFile(join(folder, "gone.json"), "{}");
    await writeFile(join(folder, "README"), "not a dashboard");
    const first = await writeDashboards(folder);
    expect(first).toEqual({
      files: [...rendered.keys()],
      changed: [...rendered.keys()],
      removed: ["gone.json"],
    });
    expect(await readdir(folder)).toEqual([...rendered.keys(), "README"].sort());
    expect(await writeDashboards(folder)).toMatchObject({ changed: [], removed: [] });
  });

  it("gives a panel the same id when another is put before it", () => {
    const panel = (title: string) => ({
      title,
      width: 12,
      height: 8,
      build: (id: number, gridPos: PanelJson["gridPos"]) => ({ type: "text", title, id, gridPos }),
    });
    const ids = (titles: string[]) => {
      const json = dashboardJson("x", {
        title: "x",
        description: "x",
        rows: [{ panels: titles.map(panel) }],
      });
      return (JSON.parse(json).panels as PanelJson[]).map(({ id, title }) => [title, id]);
    };
    expect(ids(["new", "old"])).toContainEqual(ids(["old"])[0]);
  });
});
