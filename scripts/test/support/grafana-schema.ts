import type { AnnotationQuery } from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dataquery } from "@grafana/grafana-foundation-sdk/prometheus";
import type { Dashboard, Panel, RowPanel } from "@grafana/schema";
import type { Options as Stat } from "@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen";
import type {
  FieldConfig as StateField,
  Options as StateTimeline,
} from "@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen";
import type {
  Options as Table,
  FieldConfig as TableField,
} from "@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen";
import type {
  FieldConfig as LineField,
  Options as TimeSeries,
} from "@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen";

/*
 * Grafana's own types of a dashboard (@grafana/schema, the version of the image in docker-compose.yml), made strict
 * enough to check a file.
 *
 * Checked: every field of the dashboard, its variables, links, rows, panels, grid positions, thresholds and mappings; each
 * panel's options and drawing style against its own plug-in's types, so a panel of an unknown kind is refused; misspelt
 * and surplus fields at all of these levels. Queries and annotations, of which @grafana/schema has no type in this
 * version, are checked against those of the foundation SDK, which Grafana generates from the same sources.
 * Not checked: what the types call unknown (values in overrides, options of matchers and transformations, the query of a
 * variable), whether PromQL is right (the end-to-end test asks Prometheus), whether a unit or a colour exists, and what
 * it looks like.
 */

/** JSON has no enums: the value of one is its text or number. */
type Json<T> = T extends string
  ? `${T}`
  : T extends number
    ? `${T}` extends `${infer N extends number}`
      ? N
      : T
    : T extends readonly (infer Item)[]
      ? Json<Item>[]
      : T extends object
        ? { [Key in keyof T]: Json<T[Key]> }
        : T;

type Kind<Type extends string, Options, Field> = Omit<
  Panel,
  "type" | "options" | "targets" | "fieldConfig"
> & {
  type: Type;
  options?: Partial<Options>;
  targets: Omit<Dataquery, "_implementsDataqueryVariant">[];
  fieldConfig: {
    defaults: Omit<NonNullable<Panel["fieldConfig"]>["defaults"], "custom"> & { custom?: Partial<Field> };
    overrides: NonNullable<Panel["fieldConfig"]>["overrides"];
  };
};

type KnownPanel =
  | Kind<"timeseries", TimeSeries, LineField>
  | Kind<"stat", Stat, Record<string, never>>
  | Kind<"state-timeline", StateTimeline, StateField>
  | Kind<"table", Table, TableField>
  | RowPanel;

export type DashboardFile = Json<
  Omit<Dashboard, "panels" | "annotations"> & {
    panels: KnownPanel[];
    annotations: {
      list: (Omit<AnnotationQuery, "target"> & { target: Omit<Dataquery, "_implementsDataqueryVariant"> })[];
    };
  }
>;
