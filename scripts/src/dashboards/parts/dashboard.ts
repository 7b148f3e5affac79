import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type QueryVariableBuilder,
  RowBuilder,
  type VariableModel,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { labEvents } from "./annotations.ts";
import type { Drawn } from "./panel.ts";

/** Width of Grafana's grid. */
export const COLUMNS = 24;
const TAG = "evenkeel";

export interface Row {
  /** Heading of the row; the first row, which gives the answer, has none. */
  title?: string;
  /** From left to right, and on to the next line where they are too wide. */
  panels: Drawn[];
}

/** One dashboard: a file in scripts/src/dashboards, its id is the file name. */
export interface DashboardDefinition {
  title: string;
  /** What it answers, in one sentence. */
  description: string;
  variables?: QueryVariableBuilder[];
  rows: Row[];
}

export const defineDashboard = (definition: DashboardDefinition): DashboardDefinition => definition;

/** Says what is wrong when a file's default export is not a dashboard. */
export function checkDashboard(exported: unknown): DashboardDefinition {
  const definition = exported as Partial<DashboardDefinition> | undefined;
  if (!definition?.title || !Array.isArray(definition.rows))
    throw new Error("its default export is not a defineDashboard(…).");
  return definition as DashboardDefinition;
}

/** What Grafana loads. Depends on nothing but the definition: the same input is the same text, byte by byte. */
export function dashboardJson(id: string, definition: DashboardDefinition): string {
  return `${JSON.stringify(assemble(id, definition), null, 2)}\n`;
}

function assemble(id: string, { title, description, variables = [], rows }: DashboardDefinition): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(`${TAG}-${id}`)
    .description(description)
    .tags([TAG])
    .timezone("browser")
    .time({ from: "now-15m", to: "now" })
    .refresh("5s")
    .timepicker({ build: () => ({ refresh_intervals: ["1s", "5s", "10s", "30s", "1m"] }) })
    // One hair line through all panels: what happened there when this happened here?
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .variables(variables.map(plain))
    .link(
      new DashboardLinkBuilder("Dashboards")
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(false)
        .keepTime(true),
    );
  for (const event of labEvents()) builder.annotation({ build: () => event });
  place(rows, builder);
  return builder.build();
}

/** The SDK writes `auto` into every variable; Grafana knows it of intervals only. */
function plain(variable: QueryVariableBuilder): { build: () => VariableModel } {
  const { auto: _, auto_min: _min, auto_count: _count, ...model } = variable.build();
  return { build: () => model };
}

/** Lays the panels out like words: left to right, a new line where one no longer fits. */
function place(rows: Row[], builder: DashboardBuilder): void {
  let y = 0;
  for (const { title, panels } of rows) {
    if (title) {
      builder.withRow(
        new RowBuilder(title).id(stableId(`row ${title}`)).gridPos({ x: 0, y, w: COLUMNS, h: 1 }),
      );
      y += 1;
    }
    let x = 0;
    let tallest = 0;
    for (const panel of panels) {
      const { width: w, height: h } = panel;
      if (x + w > COLUMNS) {
        y += tallest;
        x = 0;
        tallest = 0;
      }
      const built = panel.build(stableId(panel.title), { x, y, w, h });
      builder.withPanel({ build: () => built });
      x += w;
      tallest = Math.max(tallest, h);
    }
    y += tallest;
  }
}

/** An id out of the title (FNV-1a), so that a link to one panel still works when another is put before it. */
function stableId(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return (hash % 999_983) + 1;
}
