import { type Drawn, lines } from "./panel.ts";

/** What waits in the shop's outbox, by number and by time: on more than one dashboard. */
export const outboxSize = (width: number): Drawn =>
  lines({
    title: "Orders not yet in Kafka",
    description:
      "Events that are committed in the shop's database and not yet published (the outbox). A triangle is an outage: straight " +
      "up while Kafka is away, steep down afterwards, nothing lost. A slope without an end means the relay is too slow.",
    unit: "none",
    queries: [{ expr: "lab:outbox_backlog:events", legend: "waiting" }],
    width,
    height: 8,
  });

export const outboxAge = (width: number): Drawn =>
  lines({
    title: "Age of the oldest of them",
    description:
      "For how long the oldest unpublished event has waited; under steady traffic well below a second. While nothing gets out " +
      "it rises one second per second, also in a quiet shop, which is why the alert is on the age and not on the number.",
    unit: "s",
    queries: [{ expr: "lab:outbox_backlog_age:seconds", legend: "age of the oldest" }],
    width,
    height: 8,
  });
