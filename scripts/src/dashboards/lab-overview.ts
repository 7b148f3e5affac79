import { MappingType } from "@grafana/grafana-foundation-sdk/dashboard";
import { MEANING, seriesColour } from "./parts/colours.ts";
import { defineDashboard } from "./parts/dashboard.ts";
import { outboxAge, outboxSize } from "./parts/outbox-panels.ts";
import { figure, lines, states } from "./parts/panel.ts";
import { duration, failedShare, orZero, rate, rateByClass, worstDeviation } from "./parts/promql.ts";
import { ratePerReplica, sharePerReplica } from "./parts/replica-panels.ts";

export default defineDashboard({
  title: "Lab overview",
  description: "Does the lab serve everybody, how fast, and does each replica get its share?",
  rows: [
    {
      panels: [
        figure({
          title: "Answers per second",
          description:
            "How many answers the shop gives to customers each second, over all replicas. Compare it with the rate your " +
            "load generator asks for: lower means that requests wait or fail.",
          unit: "reqps",
          queries: [{ expr: rate, legend: "answers per second" }],
          width: 4,
          height: 5,
        }),
        figure({
          title: "Failed",
          description:
            "Part of the answers that were the shop's own fault (status 5xx). Anything but zero deserves a look at the " +
            "answers by class below; answers that nginx made up because no replica was left are not in it.",
          unit: "percentunit",
          queries: [{ expr: failedShare, legend: "failed" }],
          decimals: 2,
          thresholds: { doubtful: 0.0001, bad: 0.01 },
          width: 4,
          height: 5,
        }),
        figure({
          title: "99 of 100 answers within",
          description:
            "The time within which 99 of 100 answers were given (p99), measured in the replicas. Look for jumps at the " +
            "marks of events; what clients see is this plus nginx and the network.",
          unit: "s",
          queries: [{ expr: duration(0.99), legend: "p99" }],
          thresholds: { doubtful: 0.25, bad: 1 },
          width: 4,
          height: 5,
        }),
        figure({
          title: "Replicas",
          description:
            "How many replicas serve (reached by Prometheus and not draining), and how many there should be since the last up, scale or reset. When " +
            "the first is smaller for longer than a start takes, a replica is dead.",
          unit: "none",
          queries: [
            { expr: "lab:replicas:count", legend: "serving" },
            { expr: "max(lab_replicas_wanted)", legend: "wanted", source: "exporter" },
          ],
          width: 4,
          height: 5,
        }),
        figure({
          title: "Furthest from an equal share",
          description:
            "How many percentage points the replica that is worst off is away from an equal share. Round-robin stays under " +
            "one under load; sticky or weighted strategies are uneven on purpose, and a handful of requests always is.",
          unit: "suffix: points",
          queries: [{ expr: worstDeviation, legend: "furthest from equal" }],
          decimals: 1,
          thresholds: { doubtful: 5, bad: 10 },
          width: 4,
          height: 5,
        }),
        figure({
          title: "Alerts firing",
          description:
            "How many alert rules are firing now. Zero is the normal state, also under full load; the names are in the " +
            "last panel of this page and in Alertmanager.",
          unit: "none",
          queries: [
            { expr: orZero('count(ALERTS{alertstate="firing"})'), legend: "firing", source: "exporter" },
          ],
          thresholds: { bad: 1 },
          width: 4,
          height: 5,
        }),
      ],
    },
    {
      title: "Traffic",
      panels: [
        ratePerReplica(12),
        sharePerReplica(12),
        lines({
          title: "Duration of answers",
          description:
            "The time within which half (p50), nine of ten (p90) and 99 of 100 (p99) answers were given, all replicas " +
            "together. When p99 rises and p50 does not, few requests wait long: a queue, a lock or one slow replica.",
          unit: "s",
          queries: [0.5, 0.9, 0.99].map((part) => ({ expr: duration(part), legend: `p${100 * part}` })),
          width: 12,
          height: 8,
        }),
        lines({
          title: "Answers by class",
          description:
            "Answers per second by the first digit of their status. Class 4xx is the client's mistake or a sold-out " +
            "product and is normal in a sale; 5xx is the shop's fault and should not be there at all.",
          unit: "reqps",
          queries: [{ expr: rateByClass, legend: "{{class}}xx" }],
          stack: "normal",
          overrides: [
            seriesColour("2xx", MEANING.good),
            seriesColour("3xx", "blue"),
            seriesColour("4xx", MEANING.doubtful),
            seriesColour("5xx", MEANING.bad),
          ],
          width: 12,
          height: 8,
        }),
      ],
    },
    {
      title: "What is behind the answers",
      panels: [
        lines({
          title: "Open event streams",
          description:
            "How many browsers hang on each replica to hear of every sale. After a replica died or drained its colour is " +
            "gone and the others are wider: the browsers moved on, and the top of the stack is as high as before.",
          unit: "none",
          queries: [
            { expr: 'sum by (instance_id) (open_streams{job="shop"})', legend: "replica {{instance_id}}" },
          ],
          stack: "normal",
          width: 8,
          height: 8,
        }),
        outboxSize(8),
        outboxAge(8),
        states({
          title: "Alerts",
          description:
            "Every alert rule that is pending or firing, as a bar over time. An empty lab shows one bar called none; a rule " +
            "that appears right of an event mark is what that event caused.",
          unit: "none",
          queries: [
            {
              expr: 'max by (alertname) ((ALERTS{alertstate="firing"} * 2) or ALERTS) or on () label_replace(vector(0), "alertname", "none", "", "")',
              legend: "{{alertname}}",
              source: "exporter",
            },
          ],
          mappings: [
            {
              type: MappingType.ValueToText,
              options: { 0: { text: "quiet" }, 1: { text: "pending" }, 2: { text: "firing" } },
            },
          ],
          thresholds: { doubtful: 1, bad: 2 },
          width: 24,
          height: 6,
        }),
      ],
    },
  ],
});
