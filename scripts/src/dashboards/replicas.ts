import {
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { defineDashboard } from "./parts/dashboard.ts";
import { lines, type PanelSpec, table } from "./parts/panel.ts";
import { PROMETHEUS } from "./parts/query.ts";
import { p99PerReplica } from "./parts/replica-panels.ts";

/** Matchers of what Prometheus has from the chosen replicas. */
const CHOSEN = 'job="shop", instance_id=~"$replica"';

const byReplica = (expr: string) => [{ expr, legend: "replica {{instance_id}}" }];
/** As cAdvisor sees the replica's container from outside. */
const container = (expr: string) =>
  byReplica(expr).map((query) => ({ ...query, source: "exporter" as const }));
const third = (spec: Omit<PanelSpec, "width" | "height">) => lines({ ...spec, width: 8, height: 8 });

export default defineDashboard({
  title: "Replicas",
  description: "What does each replica spend its time and memory on, and does one differ from the others?",
  variables: [
    new QueryVariableBuilder("replica")
      .label("Replica")
      .datasource(PROMETHEUS)
      .query({ query: "label_values(replica_info, instance_id)", refId: "replica" })
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.NumericalAsc)
      .multi(true)
      .includeAll(true)
      .allValue(".*")
      .current({ selected: true, text: ["All"], value: ["$__all"] }),
  ],
  rows: [
    {
      panels: [
        table({
          title: "Who is there",
          description:
            "One line per replica: its number, the container it runs in and its version. Two versions at a time mean that " +
            "an update is under way; the container's id is what `docker ps` shows.",
          unit: "none",
          queries: [
            {
              expr: `max by (instance_id, host, version) (replica_info{${CHOSEN}})`,
              legend: "replica {{instance_id}}",
            },
          ],
          columns: { instance_id: "Replica", host: "Container", version: "Version" },
          width: 8,
          height: 8,
        }),
        lines({
          title: "Processor",
          description:
            "Processor cores each replica's process uses, as Node counts them; 1 is one whole core. A replica that stays at its " +
            "cap (LAB_APP_CPUS) is the bottleneck, and only then does a second replica make the shop twice as fast.",
          unit: "none",
          queries: byReplica('replica:process_cpu_seconds:rate10s{instance_id=~"$replica"}'),
          decimals: 2,
          width: 8,
          height: 8,
        }),
        p99PerReplica(8),
      ],
    },
    {
      title: "Memory",
      panels: [
        third({
          title: "Memory of the process",
          description:
            "Resident memory: everything of the process that lies in RAM. It may rise under load and should level off; a " +
            "straight climb towards the container's limit (LAB_APP_MEMORY) ends with the container being killed.",
          unit: "bytes",
          queries: byReplica('replica:process_resident_memory:bytes{instance_id=~"$replica"}'),
        }),
        third({
          title: "JavaScript heap in use",
          description:
            "The part of the memory that holds JavaScript objects. A saw-tooth is healthy, it falls at each collection; when " +
            "its lower corners rise steadily, something is kept that should not be.",
          unit: "bytes",
          queries: byReplica(`max by (instance_id) (nodejs_heap_size_used_bytes{${CHOSEN}})`),
        }),
        third({
          title: "Time spent on garbage collection",
          description:
            "Part of each second in which the replica collects garbage instead of serving. One or two percent under load is " +
            "normal; above ten percent the heap is too small for the traffic.",
          unit: "percentunit",
          queries: byReplica(
            `sum by (instance_id) (rate(nodejs_gc_duration_seconds_sum{${CHOSEN}}[$__rate_interval]))`,
          ),
        }),
      ],
    },
    {
      title: "Waiting inside the process",
      panels: [
        third({
          title: "Event-loop lag",
          description:
            "How late Node's timers are (p99): the time a request waits for its turn because something else runs. About 10 to " +
            "15 ms at rest, because it is measured with a timer of 10 ms; well above that, one request blocks all others.",
          unit: "s",
          queries: byReplica(`max by (instance_id) (nodejs_eventloop_lag_p99_seconds{${CHOSEN}})`),
        }),
        third({
          title: "Open file descriptors",
          description:
            "Connections from nginx and browsers, to Redis and Kafka, and the database's files. It follows the open event " +
            "streams; if it rises and never falls, connections are not closed.",
          unit: "none",
          queries: byReplica(`max by (instance_id) (process_open_fds{${CHOSEN}})`),
        }),
        third({
          title: "Events not yet passed on",
          description:
            "How many stock events are in the database that this replica has not yet sent to its browsers. It is zero or one; " +
            "more for longer than a second means that Redis is away and the replica reads them from the database.",
          unit: "none",
          queries: byReplica(`max by (instance_id) (feed_lag_events{${CHOSEN}})`),
        }),
      ],
    },
    {
      title: "The containers from outside",
      panels: [
        third({
          title: "Processor of the container",
          description:
            "Processor cores the whole container uses, counted by the kernel. It should agree with the process's own count above; " +
            "a difference is what runs beside Node, such as the health check.",
          unit: "none",
          decimals: 2,
          needs: "cadvisor",
          queries: container('replica:container_cpu_seconds:rate30s{instance_id=~"$replica"}'),
        }),
        third({
          title: "Memory of the container",
          description:
            "Memory that counts against the container's limit (working set: without what the kernel can drop at once). This is " +
            "the figure at which the kernel kills the container.",
          unit: "bytes",
          needs: "cadvisor",
          queries: container('replica:container_memory_working_set:bytes{instance_id=~"$replica"}'),
        }),
        third({
          title: "Held back by the cap",
          description:
            "Part of the scheduler's periods in which the container had used up its share of the processor and had to wait. Above " +
            "zero the cap is what limits this replica, which is exactly what a scaling experiment wants.",
          unit: "percentunit",
          needs: "cadvisor",
          queries: container(
            "sum by (host) (rate(container_cpu_cfs_throttled_periods_total[$__rate_interval]) / rate(container_cpu_cfs_periods_total[$__rate_interval]))" +
              ` * on (host) group_left (instance_id) max by (host, instance_id) (replica_info{${CHOSEN}})`,
          ),
        }),
      ],
    },
  ],
});
