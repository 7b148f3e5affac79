import { SOLD_OUT, soldOutAnswers } from "../lab/load-verdict.ts";
import type { LatencySummary, LoadResult } from "../lib/load-result.ts";
import { byNumber, ms, percent, whole } from "./figures.ts";
import { type Html, html, type Part } from "./html.ts";
import { badge } from "./share.ts";

const COLUMNS = [
  ["mean", "mean"],
  ["p50", "50 %"],
  ["p75", "75 %"],
  ["p90", "90 %"],
  ["p95", "95 %"],
  ["p99", "99 %"],
  ["p999", "99.9 %"],
  ["max", "slowest"],
] as const satisfies [keyof LatencySummary, string][];

function table(caption: string, head: string[], rows: { name: Part; cells: Part[] }[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
    <caption>${caption}</caption>
    <thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
    <tbody>${rows.map(({ name, cells }) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
  </table></div>`;
}

const latencies = (summary: LatencySummary) => COLUMNS.map(([name]) => ms(summary[name]));
const head = (first: string) => [first, "Answers", ...COLUMNS.map(([, title]) => title)];

/** Percentiles of all answers and of each replica's. */
export function latencyTable(load: LoadResult): Html {
  const replicas = Object.entries(load.perReplica).sort(([a], [b]) => byNumber(a, b));
  const answers = load.histogram.reduce((sum, [, one]) => sum + one, 0);
  return table("Latency: this share of the answers took at most", head("Replica"), [
    { name: "all", cells: [whole(answers), ...latencies(load.latency)] },
    ...replicas.map(([id, one]) => ({
      name: badge(id),
      cells: [whole(one.answers), ...latencies(one.latency)],
    })),
  ]);
}

/** Percentiles by kind of request. */
export function kindTable(load: LoadResult): Html {
  const kinds = Object.entries(load.perKind).map(([kind, one]) => ({
    name: kind,
    cells: [whole(one.answers), ...latencies(one.latency)],
  }));
  return table("Latency by kind of request", head("Kind"), kinds);
}

/** What went wrong, by kind; "sold out" is nothing of that. */
export function errorTable(load: LoadResult): Html {
  const soldOut = soldOutAnswers(load) > 0;
  const statuses = Object.entries(load.failed)
    .filter(([status]) => !(soldOut && status === SOLD_OUT))
    .map(([status, n]) => ({ name: `status ${status}`, n }));
  const rows = [...statuses, { name: "no answer", n: load.unanswered }].filter(({ n }) => n > 0);
  return table(
    `Requests of ${whole(load.sent)} that got no good answer`,
    ["What came", "Requests", "Share"],
    rows.map(({ name, n }) => ({ name, cells: [whole(n), percent(n / load.sent, 3)] })),
  );
}

/** The figures behind the two plots over time. */
export function timelineTable(load: LoadResult): Html {
  const failed = soldOutAnswers(load) > 0 ? "Failed or sold out" : "Failed";
  const titles = ["Second", "Sent", "Good", failed, "No answer", "50 %", "90 %", "99 %", "Slowest"];
  return table(
    "Each second of the load",
    titles,
    load.timeline.map(({ second, sent, ok, failed, unanswered, latency }) => ({
      name: second,
      cells: [
        ...[sent, ok, failed, unanswered].map(whole),
        ...(latency ? [latency.p50, latency.p90, latency.p99, latency.max].map(ms) : ["–", "–", "–", "–"]),
      ],
    })),
  );
}
