import { type Drawn, lines } from "./panel.ts";
import { p99ByReplica, rateByReplica, shareByReplica } from "./promql.ts";

/** Panels that more than one dashboard has. */
export const ratePerReplica = (width: number): Drawn =>
  lines({
    title: "Answers per second, by replica",
    description:
      "How many answers to customers each replica gives per second; the top of the stack is the whole shop. Look for a " +
      "colour that becomes thinner while the others become thicker: that replica is slow, draining or gone.",
    unit: "reqps",
    queries: [{ expr: rateByReplica, legend: "replica {{instance_id}}" }],
    stack: "normal",
    width,
    height: 8,
  });

export const sharePerReplica = (width: number): Drawn =>
  lines({
    title: "Share per replica",
    description:
      "Which part of all answers each replica gave. With round-robin and equal replicas the bands are equally wide; a " +
      "band that grows means that traffic piles up, a band that ends means that a replica is gone.",
    unit: "percentunit",
    queries: [{ expr: shareByReplica, legend: "replica {{instance_id}}" }],
    stack: "normal",
    max: 1,
    width,
    height: 8,
  });

export const p99PerReplica = (width: number): Drawn =>
  lines({
    title: "Slowest hundredth, by replica",
    description:
      "The time within which each replica gave 99 of 100 answers (p99, read from histogram buckets, so it is an estimate " +
      "between two bucket limits). One line far above the others is a slow replica; all lines together are a shared cause.",
    unit: "s",
    queries: [{ expr: p99ByReplica, legend: "replica {{instance_id}}" }],
    width,
    height: 8,
  });
