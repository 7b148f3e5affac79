import type { Builder, Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import {
  BigValueColorMode,
  BigValueGraphMode,
  type DataSourceRef,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from "@grafana/grafana-foundation-sdk/common";
import {
  FieldColorBuilder,
  FieldColorModeId,
  type GridPos,
  type Panel,
  type Threshold,
  type ThresholdsConfig,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as StateTimeline } from "@grafana/grafana-foundation-sdk/statetimeline";
import { PanelBuilder as Table } from "@grafana/grafana-foundation-sdk/table";
import { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries";
import { MEANING, type Override, replicaColours } from "./colours.ts";
import { PROMETHEUS, promQuery, type Query } from "./query.ts";

/** What every panel says about itself. */
export interface PanelSpec {
  title: string;
  /** What it shows, and what to look for: full sentences, for somebody who sees it for the first time. */
  description: string;
  /** One of Grafana's units, `s`, `percentunit`, or `suffix: points`. */
  unit: string;
  queries: Query[];
  /** Columns of 24, and rows of the grid. */
  width: number;
  height: number;
  /** Optional part of the lab without which the panel is empty. */
  needs?: "cadvisor";
  decimals?: number;
  min?: number;
  max?: number;
  overrides?: Override[];
  mappings?: ValueMapping[];
  thresholds?: Limits;
}

/** From which value on something is doubtful, and bad. Below the first it is good. */
export type Limits = { doubtful?: number; bad?: number };

/** A panel that has no place on the grid yet. */
export interface Drawn extends Pick<PanelSpec, "title" | "width" | "height" | "needs"> {
  build(id: number, gridPos: GridPos): Panel;
}

/** What the SDK's panel builders have in common; it gives them no type of its own. */
interface AnyPanel extends Builder<Panel> {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  unit(unit: string): this;
  datasource(source: DataSourceRef): this;
  gridPos(place: GridPos): this;
  withTarget(target: Builder<Dataquery>): this;
  withOverride(override: Override): this;
  mappings(mappings: ValueMapping[]): this;
  thresholds(limits: Builder<ThresholdsConfig>): this;
  colorScheme(colour: FieldColorBuilder): this;
  decimals(decimals: number): this;
  min(min: number): this;
  max(max: number): this;
}

const NEEDS = {
  cadvisor:
    "Needs cAdvisor: where its image could not be had, this panel stays empty and `lab top` shows the same.",
} as const;

function draw(panel: AnyPanel, spec: PanelSpec): Drawn {
  panel.title(spec.title).unit(spec.unit).datasource(PROMETHEUS);
  panel.description(spec.needs ? `${spec.description} ${NEEDS[spec.needs]}` : spec.description);
  for (const [index, query] of spec.queries.entries())
    panel.withTarget(promQuery(query, String.fromCharCode("A".charCodeAt(0) + index)));
  const byReplica = spec.queries.some(({ legend }) => legend.startsWith("replica "));
  for (const override of [...(byReplica ? replicaColours() : []), ...(spec.overrides ?? [])])
    panel.withOverride(override);
  panel.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps(spec.thresholds)));
  panel.colorScheme(
    new FieldColorBuilder().mode(
      spec.thresholds ? FieldColorModeId.Thresholds : FieldColorModeId.PaletteClassicByName,
    ),
  );
  if (spec.mappings) panel.mappings(spec.mappings);
  if (spec.decimals !== undefined) panel.decimals(spec.decimals);
  if (spec.min !== undefined) panel.min(spec.min);
  if (spec.max !== undefined) panel.max(spec.max);
  return { ...spec, build: (id, gridPos) => panel.id(id).gridPos(gridPos).build() };
}

function steps({ doubtful, bad }: Limits = {}): Threshold[] {
  const found: Threshold[] = [{ value: null, color: MEANING.good }];
  if (doubtful !== undefined) found.push({ value: doubtful, color: MEANING.doubtful });
  if (bad !== undefined) found.push({ value: bad, color: MEANING.bad });
  return found;
}

const legend = () =>
  new VizLegendOptionsBuilder()
    .showLegend(true)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .calcs([]);

const tooltip = () =>
  new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending);

/** Lines over time; `stack` puts them on top of each other, `percent` fills the height with them. */
export function lines(spec: PanelSpec & { stack?: "normal" | "percent" }): Drawn {
  const panel = new TimeSeries()
    .legend(legend())
    .tooltip(tooltip())
    .lineWidth(spec.stack ? 1 : 2)
    .fillOpacity(spec.stack ? 45 : 8)
    .showPoints(VisibilityMode.Never);
  if (spec.stack) {
    const mode = spec.stack === "percent" ? StackingMode.Percent : StackingMode.Normal;
    panel.stacking(new StackingConfigBuilder().group("A").mode(mode));
  }
  return draw(panel, { min: 0, ...spec });
}

/** One big figure, its course behind it where it has one. */
export function figure(spec: PanelSpec): Drawn {
  const panel = new Stat()
    .graphMode(spec.queries.every(({ newest }) => newest) ? BigValueGraphMode.None : BigValueGraphMode.Area)
    .colorMode(BigValueColorMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(["lastNotNull"]).fields("").values(false));
  return draw(panel, { thresholds: {}, ...spec });
}

/** One bar per series that changes its colour with its state. */
export function states(spec: PanelSpec): Drawn {
  const panel = new StateTimeline()
    .legend(legend())
    .tooltip(tooltip())
    .mergeValues(true)
    .showValue(VisibilityMode.Auto)
    .rowHeight(0.8)
    .fillOpacity(75);
  return draw(panel, { thresholds: {}, ...spec });
}

/** The newest values as a table; `columns` renames labels and leaves the others out. */
export function table(spec: PanelSpec & { columns: Record<string, string> }): Drawn {
  const panel = new Table().showHeader(true);
  const names = Object.keys(spec.columns);
  panel.withTransformation({ id: "filterFieldsByName", options: { include: { names } } }).withTransformation({
    id: "organize",
    options: {
      renameByName: spec.columns,
      indexByName: Object.fromEntries(names.map((name, index) => [name, index])),
      excludeByName: {},
    },
  });
  const queries = spec.queries.map((query) => ({ ...query, newest: true, asTable: true }));
  const drawn = draw(panel, { ...spec, queries });
  const build: Drawn["build"] = (...place) => {
    const built = drawn.build(...place);
    // The SDK writes a footer where Grafana 12.4 no longer has one.
    const { footer: _, ...options } = built.options as Record<string, unknown>;
    return { ...built, options };
  };
  return { ...drawn, build };
}
