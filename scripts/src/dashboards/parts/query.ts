import type { DataSourceRef } from "@grafana/grafana-foundation-sdk/common";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";

/** The datasource by the fixed id that monitoring/grafana/provisioning/datasources gives it. */
export const PROMETHEUS: DataSourceRef = { type: "prometheus", uid: "evenkeel-prometheus" };

/** One question of a panel. */
export interface Query {
  /** PromQL. */
  expr: string;
  /** Name of each series in the legend, `replica {{instance_id}}`. */
  legend: string;
  /**
   * Shortest step of the picture; `$__rate_interval` is at least four times as long. `shop` for what is scraped every
   * second (shop, orders), `exporter` for what is scraped every five.
   */
  source?: keyof typeof STEPS;
  /** Only the value at the end of the chosen time: for a table, and for what is summed up over that time. */
  newest?: boolean;
  /** A row per series, its labels as columns. */
  asTable?: boolean;
}

/** Two seconds although the shop is scraped every second: rates over eight seconds are calm enough to be read. */
const STEPS = { shop: "2s", exporter: "5s" } as const;

export function promQuery(
  { expr, legend, source = "shop", newest = false, asTable = false }: Query,
  refId: string,
): DataqueryBuilder {
  const built = new DataqueryBuilder()
    .refId(refId)
    .datasource(PROMETHEUS)
    .expr(expr)
    .legendFormat(legend)
    .interval(STEPS[source]);
  if (asTable) built.format(PromQueryFormat.Table);
  return newest ? built.instant() : built.range();
}
