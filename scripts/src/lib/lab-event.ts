import { escapeLabel, unescapeLabel } from "./label-text.ts";

/** What somebody did to the lab. The words are label values in Prometheus and names in Grafana. */
export const EVENT_KINDS = ["scale", "strategy", "fault", "deploy", "reset"] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export interface LabEvent {
  /** Distinguishes two events of the same kind and detail; rises by one. */
  event: number;
  kind: EventKind;
  /** A few words: "2 → 4". */
  detail: string;
  /** Unix time in seconds. */
  at: number;
}

/** What the command line tells Prometheus, through node-exporter's textfile collector. */
export interface LabMetrics {
  /** How many replicas there should be; unknown before the first `up`. */
  replicasWanted: number | undefined;
  events: LabEvent[];
  /** A comparison runs and keeps replicas out of the pool on purpose. Not read back: the next command ends it. */
  comparing?: boolean;
}

/** Events that are older, or of which there are more, are no use on a dashboard and cost a series each. */
const KEEP_SECONDS = 24 * 3600;
const KEEP = 50;

/** The metrics with one more event, without those that are too old or too many. */
export function withEvent(metrics: LabMetrics, kind: EventKind, detail: string, at: number): LabMetrics {
  const last = Math.max(0, ...metrics.events.map(({ event }) => event));
  const events = [...metrics.events, { event: last + 1, kind, detail, at }]
    .filter((one) => at - one.at < KEEP_SECONDS)
    .slice(-KEEP);
  return { ...metrics, events };
}

const COMPARING = [
  "# HELP lab_comparing There while lab:compare keeps replicas out of the pool on purpose.",
  "# TYPE lab_comparing gauge",
  "lab_comparing 1",
];

/** The text format of Prometheus. */
export function exposition({ replicasWanted, events, comparing = false }: LabMetrics): string {
  return [
    "# HELP lab_replicas_wanted How many replicas of the shop there should be.",
    "# TYPE lab_replicas_wanted gauge",
    ...(replicasWanted === undefined ? [] : [`lab_replicas_wanted ${replicasWanted}`]),
    ...(comparing ? COMPARING : []),
    "# HELP lab_event_time_seconds When something was done to the lab through its command line, Unix time.",
    "# TYPE lab_event_time_seconds gauge",
    ...events.map(
      ({ event, kind, detail, at }) =>
        `lab_event_time_seconds{event="${event}",kind="${kind}",detail="${escapeLabel(detail)}"} ${at}`,
    ),
    "",
  ].join("\n");
}

const EVENT = /^lab_event_time_seconds\{event="(\d+)",kind="(\w+)",detail="((?:[^"\\]|\\.)*)"\} ([\d.]+)$/;
const WANTED = /^lab_replicas_wanted (\d+)$/;

/** What {@link exposition} wrote. A line that somebody else wrote or broke is left out: it is no reason to stop. */
export function parseExposition(text: string): LabMetrics {
  const metrics: LabMetrics = { replicasWanted: undefined, events: [] };
  for (const line of text.split("\n")) {
    const wanted = WANTED.exec(line);
    if (wanted) metrics.replicasWanted = Number(wanted[1]);
    const [, event, word, detail = "", at] = EVENT.exec(line) ?? [];
    const kind = EVENT_KINDS.find((one) => one === word);
    if (kind)
      metrics.events.push({ event: Number(event), kind, detail: unescapeLabel(detail), at: Number(at) });
  }
  return metrics;
}
