/** One alert as this program keeps it: strings only, each of bounded length. */
export interface Alert {
  state: "firing" | "resolved";
  name: string;
  severity: string;
  summary: string;
  description: string;
  /** What to type. */
  runbook: string;
  /** When it began, as Alertmanager says it (RFC 3339). */
  startsAt: string;
  /** When the message came here. */
  receivedAt: string;
}

const MAX_TEXT = 500;
/** More alerts than this in one message are no message of Alertmanager's. */
const MAX_ALERTS = 200;

/**
 * The alerts of one Alertmanager message (webhook version 4). What is missing or of another kind becomes an empty
 * text: an alert that says little is better than none.
 * @returns undefined when it is no such message at all.
 */
export function alertsIn(body: unknown, now = new Date()): Alert[] | undefined {
  const list = field(body, "alerts");
  if (!Array.isArray(list)) return undefined;
  return list.slice(0, MAX_ALERTS).map((one) => {
    const labels = field(one, "labels");
    const notes = field(one, "annotations");
    return {
      state: field(one, "status") === "resolved" ? "resolved" : "firing",
      name: text(labels, "alertname") || "unnamed alert",
      severity: text(labels, "severity"),
      summary: text(notes, "summary"),
      description: text(notes, "description"),
      runbook: text(notes, "runbook"),
      startsAt: text(one, "startsAt"),
      receivedAt: now.toISOString(),
    };
  });
}

/** `FIRING ReplicaDown (critical): Replica 2 is gone and has not said goodbye. See which …` */
export function sentence({ state, name, severity, summary, runbook }: Alert): string {
  const head = `${state === "firing" ? "FIRING" : "RESOLVED"} ${name}${severity && ` (${severity})`}`;
  const what = summary || "It says no more.";
  // What to type is of use only while there is something to mend.
  return `${head}: ${state === "firing" && runbook ? `${what} ${runbook}` : what}`;
}

function field(value: unknown, name: string): unknown {
  return value !== null && typeof value === "object" ? Reflect.get(value, name) : undefined;
}

/** Without line breaks and control characters, so that nobody writes a second line into the log. */
function text(value: unknown, name: string): string {
  const found = field(value, name);
  if (typeof found !== "string") return "";
  return found
    .slice(0, MAX_TEXT)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
}
