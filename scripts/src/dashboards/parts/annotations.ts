import { type AnnotationQuery, AnnotationQueryBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import type { EventKind } from "../../lib/lab-event.ts";
import { PROMETHEUS } from "./query.ts";

/** No `fault`: no command writes it, and a switch that never marks anything is a riddle. */
const COLOURS: Record<Exclude<EventKind, "fault">, string> = {
  scale: "blue",
  strategy: "purple",
  deploy: "green",
  reset: "yellow",
};

/**
 * One mark per event made through the command line; each kind has its own switch at the top of the dashboard.
 * The value of the series is the moment of the event, not the moment at which it was scraped: Grafana takes it in
 * milliseconds (`processEvents` in its packages/grafana-prometheus/src/annotations.ts), Prometheus keeps seconds.
 */
export function labEvents(): AnnotationQuery[] {
  return Object.entries(COLOURS).map(([kind, colour]) => {
    const title = kind.charAt(0).toUpperCase() + kind.slice(1);
    const query = new DataqueryBuilder()
      .refId("Anno")
      .datasource(PROMETHEUS)
      .expr(`lab_event_time_seconds{kind="${kind}"} * 1000`)
      .interval("5s")
      .range();
    const { placement: _inMenu, ...annotation } = new AnnotationQueryBuilder()
      .name(title)
      .datasource(PROMETHEUS)
      .enable(true)
      .iconColor(colour)
      .target(query)
      .titleFormat(title)
      .textFormat("{{detail}}")
      .tagKeys("kind")
      .useValueForTime(true)
      .build();
    return annotation;
  });
}
