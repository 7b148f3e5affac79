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
  /** Only the newest value, as a table wants it. */
  newest?: boolean;
}

/** Two seconds although the shop is scraped every second: rates over eight seconds are calm enough to be read. */
const STEPS = { shop: "2s", exporter: "5s" } as const;

export function promQuery(
  { expr, legend, source = "shop", newest = false }: Query,
  refId: string,
): DataqueryBuilder {
  const built = new DataqueryBuilder()
    .refId(refId)
    .datasource(PROMETHEUS)
    .expr(expr)
    .legendFormat(legend)
    .interval(STEPS[source]);
  return newest ? built.instant().format(PromQueryFormat.Table) : built.range();
}
