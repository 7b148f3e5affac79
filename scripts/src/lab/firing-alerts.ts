import { reason } from "../lib/errors.ts";
import type { LabContainer } from "../runtime/docker.ts";
import type { Alert, Prometheus } from "../runtime/prometheus.ts";

type Seen = Pick<LabContainer, "service" | "state">;

/**
 * One sentence for each alert that fires; none where no Prometheus runs. A Prometheus that runs and does not answer is
 * worth a sentence, too, and never a reason for a status to fail.
 */
export async function notesOnAlerts(
  found: Seen[],
  prometheus: Pick<Prometheus, "alerts">,
): Promise<string[]> {
  if (!found.some(({ service, state }) => service === "prometheus" && state === "running")) return [];
  try {
    const firing = (await prometheus.alerts()).filter(({ state }) => state === "firing");
    return firing.sort(bySeverity).map(sentence);
  } catch (error) {
    return [`Which alerts fire is not known: ${reason(error)}`];
  }
}

const sentence = ({ name, severity, summary, runbook }: Alert) =>
  `Alert ${name}${severity && ` (${severity})`}: ${[summary, runbook].filter(Boolean).join(" ")}`;

/** Critical ones first, else by name and then by text, so that two looks at the same lab read the same. */
function bySeverity(a: Alert, b: Alert): number {
  const rank = ({ severity }: Alert) => (severity === "critical" ? 0 : 1);
  return rank(a) - rank(b) || a.name.localeCompare(b.name) || a.summary.localeCompare(b.summary);
}
