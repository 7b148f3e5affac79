import { type Answer, isError } from "./ask.ts";
import { make, part } from "./page-parts.ts";
import { badge, byNumber, paint, replicaName } from "./replica-colour.ts";

/** Answers of one replica. */
export interface Share {
  instanceId: string;
  count: number;
}

const list = part("tally", HTMLUListElement);
const size = part("tally-size", HTMLSpanElement);
const rows = new Map<string, HTMLLIElement>();

/** Answers per replica, by number; answers that no replica could give are left out. */
export function countShares(answers: readonly Answer[]): Share[] {
  const counts = new Map<string, number>();
  for (const answer of answers) {
    if (!isError(answer)) counts.set(answer.instanceId, (counts.get(answer.instanceId) ?? 0) + 1);
  }
  return [...counts]
    .map(([instanceId, count]) => ({ instanceId, count }))
    .sort((a, b) => byNumber(a.instanceId, b.instanceId));
}

/** Draws one bar per replica, as long as its share of all answers, and one for errors if there are any. */
export function showTally(shares: readonly Share[], total: number): void {
  size.textContent = String(total);
  const errors = total - shares.reduce((sum, share) => sum + share.count, 0);
  const lines = errors > 0 ? [...shares, { instanceId: "error", count: errors }] : shares;
  const present = new Set(lines.map((line) => line.instanceId));
  for (const [instanceId, row] of rows) {
    if (present.has(instanceId)) continue;
    row.remove();
    rows.delete(instanceId);
  }
  for (const { instanceId, count } of lines) {
    const row = rows.get(instanceId) ?? newRow(instanceId);
    row.style.setProperty("--share", String(total > 0 ? count / total : 0));
    row.lastElementChild?.replaceChildren(`${count} · ${Math.round((100 * count) / Math.max(total, 1))} %`);
    list.append(row);
  }
}

function newRow(instanceId: string): HTMLLIElement {
  const row = make("li", "tally-row");
  const mark = instanceId === "error" ? make("span", "badge", "!") : badge(instanceId);
  paint(mark, instanceId);
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", instanceId === "error" ? "errors" : replicaName(instanceId));
  const bar = make("span", "bar");
  paint(bar, instanceId);
  row.append(mark, bar, make("span", "tally-count"));
  rows.set(instanceId, row);
  return row;
}
