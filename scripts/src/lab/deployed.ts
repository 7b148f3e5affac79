import type { LabContainer } from "../runtime/docker.ts";

type Running = Pick<LabContainer, "id" | "service">;

/**
 * What an `up` did, in a few words for a mark on the dashboards; undefined when it left everything as it was.
 * @param before What ran before; a container that was killed and started again counts as started.
 */
export function deployed(before: Running[], after: Running[]): string | undefined {
  if (before.length === 0) return "the whole lab";
  const started = count(after.filter(({ id }) => !before.some((one) => one.id === id)));
  const gone = count(before.filter(({ id }) => !after.some((one) => one.id === id)));
  // What was recreated is gone and started; one word for it is enough.
  for (const [service, many] of gone) gone.set(service, many - (started.get(service) ?? 0));
  return (
    [words("started", started), words("removed", gone)].filter((part) => part !== undefined).join("; ") ||
    undefined
  );
}

function count(containers: Running[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { service } of containers) counts.set(service, (counts.get(service) ?? 0) + 1);
  return counts;
}

/** "started app ×2, nginx" */
function words(verb: string, counts: Map<string, number>): string | undefined {
  const some = [...counts].filter(([, many]) => many > 0).sort(([a], [b]) => a.localeCompare(b));
  if (some.length === 0) return undefined;
  return `${verb} ${some.map(([service, many]) => (many > 1 ? `${service} ×${many}` : service)).join(", ")}`;
}
