import { MEANING, seriesColour } from "./parts/colours.ts";
import { defineDashboard } from "./parts/dashboard.ts";
import { figure, lines } from "./parts/panel.ts";
import { rate, worstDeviation } from "./parts/promql.ts";
import { p99PerReplica, ratePerReplica, sharePerReplica } from "./parts/replica-panels.ts";

const source = "exporter";
const perSecond = (metric: string) => `sum(rate(${metric}[$__rate_interval]))`;

export default defineDashboard({
  title: "Balancer",
  description: "What arrives at nginx, and how does it hand it to the replicas?",
  rows: [
    {
      panels: [
        figure({
          title: "nginx",
          description:
            "Whether nginx answers its status page: 1 for yes. With 0 the door is closed for everybody, however many " +
            "replicas run.",
          unit: "bool_yes_no",
          queries: [{ expr: "min(nginx_up)", legend: "answers", source }],
          width: 4,
          height: 5,
        }),
        figure({
          title: "Requests per second",
          description:
            "How many requests arrive at the door each second. It counts everything, also what nginx answers by itself, so it " +
            "is a little more than what the replicas see.",
          unit: "reqps",
          queries: [{ expr: perSecond("nginx_http_requests_total"), legend: "requests", source }],
          width: 5,
          height: 5,
        }),
        figure({
          title: "Open connections",
          description:
            "Connections from clients that are open now, idle ones and event streams included. Watch how it comes near the limit " +
            "of a worker (worker_connections in nginx/nginx.conf).",
          unit: "none",
          queries: [{ expr: "sum(nginx_connections_active)", legend: "open", source }],
          width: 5,
          height: 5,
        }),
        figure({
          title: "Turned away",
          description:
            "Connections per second that nginx accepted and could not handle, because a limit was reached. It is zero in a " +
            "healthy lab; clients see these as connections that break off without an answer.",
          unit: "cps",
          queries: [
            {
              expr: `clamp_min(${perSecond("nginx_connections_accepted")} - ${perSecond("nginx_connections_handled")}, 0)`,
              legend: "turned away",
              source,
            },
          ],
          thresholds: { bad: 0.001 },
          width: 5,
          height: 5,
        }),
        figure({
          title: "Furthest from an equal share",
          description:
            "How many percentage points the replica that is worst off is away from an equal share. Switch the strategy with " +
            "`npm run lab:strategy` and see how soon and how far it moves.",
          unit: "suffix: points",
          queries: [{ expr: worstDeviation, legend: "furthest from equal" }],
          decimals: 1,
          thresholds: { doubtful: 5, bad: 10 },
          width: 5,
          height: 5,
        }),
      ],
    },
    {
      title: "The door",
      panels: [
        lines({
          title: "In and through",
          description:
            "Requests that reach nginx, and answers the replicas give to customers. Where the two lines part, nginx answers " +
            "alone: cached files, its own status page and health checks, or errors because no replica is left.",
          unit: "reqps",
          queries: [
            { expr: perSecond("nginx_http_requests_total"), legend: "arrive at nginx", source },
            { expr: rate, legend: "answered by replicas", source },
          ],
          width: 8,
          height: 8,
        }),
        lines({
          title: "Connections by what they do",
          description:
            "Open connections: nginx reads a request, writes an answer (event streams are always here), or waits for the next " +
            "request of the same client. Many waiting ones are good: they save clients a new connection each time.",
          unit: "none",
          queries: ["reading", "writing", "waiting"].map((doing) => ({
            expr: `sum(nginx_connections_${doing})`,
            legend: doing,
            source,
          })),
          stack: "normal",
          width: 8,
          height: 8,
        }),
        lines({
          title: "Accepted and handled",
          description:
            "New connections per second, as accepted and as handled. The lines lie on each other; a gap is what was turned away. " +
            "As many new connections as requests mean that clients do not keep theirs alive.",
          unit: "cps",
          queries: [
            { expr: perSecond("nginx_connections_accepted"), legend: "accepted", source },
            { expr: perSecond("nginx_connections_handled"), legend: "handled", source },
          ],
          overrides: [seriesColour("accepted", MEANING.doubtful), seriesColour("handled", MEANING.good)],
          width: 8,
          height: 8,
        }),
      ],
    },
    {
      title: "The replicas behind it",
      panels: [sharePerReplica(8), ratePerReplica(8), p99PerReplica(8)],
    },
  ],
});
