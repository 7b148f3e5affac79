import { MappingType } from "@grafana/grafana-foundation-sdk/dashboard";
import { MEANING, seriesColour } from "./parts/colours.ts";
import { defineDashboard } from "./parts/dashboard.ts";
import { outboxAge, outboxSize } from "./parts/outbox-panels.ts";
import { figure, lines, states } from "./parts/panel.ts";
import { quantileOf } from "./parts/promql.ts";

const perSecond = (metric: string) => `sum(rate(${metric}[$__rate_interval]))`;
const inRange = (metric: string) => `sum(increase(${metric}[$__range]))`;
const delay = (quantile: number) => quantileOf(quantile, "orders_booking_delay_seconds_bucket");

export default defineDashboard({
  title: "Orders",
  description: "Does every order get from the shop through Kafka into the books, once, and how soon?",
  rows: [
    {
      panels: [
        figure({
          title: "Waiting in the shop",
          description:
            "Events that are committed in the shop's database and not yet in Kafka. It is near zero; a number that rises means " +
            "that Kafka is away or that no replica relays.",
          unit: "none",
          queries: [{ expr: "lab:outbox_backlog:events", legend: "in the outbox" }],
          thresholds: { doubtful: 100, bad: 1000 },
          width: 4,
          height: 5,
        }),
        figure({
          title: "Waiting in Kafka",
          description:
            "Messages that are in the topic and not yet booked, over all partitions. It jumps while an instance of the orders " +
            "app joins or leaves and must come back to zero.",
          unit: "none",
          queries: [{ expr: "lab:orders_consumer_lag:sum", legend: "in Kafka" }],
          thresholds: { doubtful: 100, bad: 1000 },
          width: 4,
          height: 5,
        }),
        figure({
          title: "99 of 100 booked within",
          description:
            "The time from the purchase to its place in the books for 99 of 100 orders (p99). Below a second while all is " +
            "well; after an outage of Kafka it is as long as the outage, once.",
          unit: "s",
          queries: [{ expr: delay(0.99), legend: "p99" }],
          thresholds: { doubtful: 1, bad: 10 },
          width: 4,
          height: 5,
        }),
        figure({
          title: "Relaying replicas",
          description:
            "How many replicas publish from the outbox. It must be one: with none nothing gets out, with two messages are sent " +
            "twice, which the orders app tolerates and counts as duplicates.",
          unit: "none",
          queries: [{ expr: "sum(relay_leader)", legend: "relaying" }],
          mappings: [
            {
              type: MappingType.ValueToText,
              options: { 0: { text: "none", color: MEANING.bad }, 1: { text: "one", color: MEANING.good } },
            },
          ],
          thresholds: { bad: 2 },
          width: 4,
          height: 5,
        }),
        figure({
          title: "Duplicates seen",
          description:
            "Messages in the chosen time that arrived again and were not booked again. Zero in calm weather; a few after a kill " +
            "are the price of delivering at least once, and proof that they do no harm.",
          unit: "none",
          queries: [{ expr: inRange("orders_duplicates_total"), legend: "duplicates", newest: true }],
          decimals: 0,
          width: 4,
          height: 5,
        }),
        figure({
          title: "Put aside",
          description:
            "Messages in the chosen time that nobody could read; they lie in the topic orders.dead with the reason. More than zero " +
            "means that somebody writes to the topic what the contract does not allow.",
          unit: "none",
          queries: [{ expr: inRange("orders_dead_total"), legend: "dead", newest: true }],
          decimals: 0,
          thresholds: { bad: 1 },
          width: 4,
          height: 5,
        }),
      ],
    },
    {
      title: "The way of an order",
      panels: [
        lines({
          title: "Placed, published, booked",
          description:
            "Orders per second at the three stations of their way. The lines lie on each other; the first that falls below the one " +
            "before it names the station where orders wait, and it overshoots when the jam is over.",
          unit: "ops",
          queries: [
            { expr: 'sum(rate(purchases_total{outcome="sold"}[10s]))', legend: "placed in the shop" },
            { expr: "lab:relay_published:rate10s", legend: "published to Kafka" },
            { expr: "lab:orders_booked:rate10s", legend: "booked" },
          ],
          width: 12,
          height: 8,
        }),
        lines({
          title: "From purchase to booking",
          description:
            "How long half (p50) and 99 of 100 (p99) of the orders were on their way. It includes waiting in the outbox and in " +
            "Kafka, so it tells what a customer waits for the word 'booked'.",
          unit: "s",
          queries: [0.5, 0.99].map((part) => ({ expr: delay(part), legend: `p${100 * part}` })),
          width: 12,
          height: 8,
        }),
      ],
    },
    {
      title: "In the shop: outbox and relay",
      panels: [
        outboxSize(6),
        outboxAge(6),
        lines({
          title: "Publishing",
          description:
            "How long Kafka takes to confirm one send of the relay (p99), and how many sends per second fail. Failures are repeated " +
            "and lose nothing; a slow confirmation limits how fast the outbox drains.",
          unit: "s",
          queries: [
            { expr: quantileOf(0.99, "relay_publish_seconds_bucket"), legend: "p99 of a send" },
            { expr: perSecond("relay_failures_total"), legend: "failures per second" },
          ],
          overrides: [
            {
              matcher: { id: "byName", options: "failures per second" },
              properties: [
                { id: "unit", value: "ops" },
                { id: "custom.axisPlacement", value: "right" },
                { id: "color", value: { mode: "fixed", fixedColor: MEANING.bad } },
              ],
            },
          ],
          width: 6,
          height: 8,
        }),
        states({
          title: "Who relays",
          description:
            "Which replica holds the lease and publishes. Exactly one bar is lit at any moment; when the holder is killed another " +
            "takes over after the lease has run out, a few seconds later.",
          unit: "none",
          queries: [{ expr: "max by (instance_id) (relay_leader)", legend: "replica {{instance_id}}" }],
          mappings: [
            {
              type: MappingType.ValueToText,
              options: {
                0: { text: "stands by", color: MEANING.quiet },
                1: { text: "relays", color: MEANING.good },
              },
            },
          ],
          width: 6,
          height: 8,
        }),
      ],
    },
    {
      title: "In the orders app: the consumer group",
      panels: [
        lines({
          title: "Waiting in Kafka, by partition",
          description:
            "Messages not yet booked in each partition. All of them high means that the group is too slow or rebalancing; one of " +
            "them high means a hot product, since all orders of a product go to the same partition.",
          unit: "none",
          queries: [{ expr: "max by (partition) (orders_consumer_lag)", legend: "partition {{partition}}" }],
          width: 6,
          height: 8,
        }),
        lines({
          title: "Partitions per instance",
          description:
            "How the partitions are dealt out among the instances of the orders app. The stack is always as high as there are " +
            "partitions; a dip is a rebalance, during which nobody books.",
          unit: "none",
          queries: [
            {
              expr: "sum by (instance_id) (orders_assigned_partitions)",
              legend: "instance {{instance_id}}",
            },
          ],
          stack: "normal",
          width: 6,
          height: 8,
        }),
        lines({
          title: "Rebalances, duplicates, put aside",
          description:
            "Events of the consumer group in the last minute before each point. A rebalance is normal when an instance joins " +
            "or leaves; duplicates right after it were read before and not yet confirmed.",
          unit: "none",
          queries: [
            { expr: "sum(increase(orders_rebalances_total[1m]))", legend: "rebalances" },
            { expr: "sum(increase(orders_duplicates_total[1m]))", legend: "duplicates" },
            { expr: "sum(increase(orders_dead_total[1m]))", legend: "put aside" },
          ],
          overrides: [
            seriesColour("rebalances", "blue"),
            seriesColour("duplicates", MEANING.doubtful),
            seriesColour("put aside", MEANING.bad),
          ],
          width: 6,
          height: 8,
        }),
        states({
          title: "Who reaches Kafka",
          description:
            "Whether the shop's relay (the same on all replicas) and each instance of the orders app work with Kafka. All bars red " +
            "at once is Kafka itself; one red bar is that container's own trouble.",
          unit: "none",
          queries: [{ expr: "max by (job, instance_id) (kafka_up)", legend: "{{job}} {{instance_id}}" }],
          mappings: [
            {
              type: MappingType.ValueToText,
              options: { 0: { text: "away", color: MEANING.bad }, 1: { text: "up", color: MEANING.good } },
            },
          ],
          width: 6,
          height: 8,
        }),
      ],
    },
  ],
});
