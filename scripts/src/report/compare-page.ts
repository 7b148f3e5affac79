import {
  type CompareRow,
  compareRows,
  judgeCompare,
  times,
  uncappedNote,
  wasMeasured,
} from "../lab/compare-verdict.ts";
import type { CompareEvidence } from "../lab/evidence-schema.ts";
import { median } from "../lib/statistics.ts";
import { count, whole } from "./figures.ts";
import { type Html, html } from "./html.ts";
import type { PageParts } from "./parts.ts";
import { rateBars, speedUpChart } from "./speed-up-chart.ts";

/** Contents of a comparison's page, computed from the record's points. */
export function compareParts(evidence: CompareEvidence): PageParts {
  const { points, options } = evidence;
  const verdict = judgeCompare(points);
  const [capped, uncapped] = [compareRows(points, true), compareRows(points, false)];
  const most = capped.at(-1);
  const note = uncappedNote(points);
  const fewest = capped[0]?.replicas ?? 1;
  return {
    title: "Comparison",
    measured: wasMeasured(verdict),
    pass: verdict.pass,
    headline: headline(capped),
    lead: html`The same shop with ${list(capped.map(({ replicas }) => String(replicas)))} ${fewest === 1 && capped.length === 1 ? "replica" : "replicas"}, each held to ${coreCount(options.cpus)}, measured ${count(options.repeats, "time")} in random order.`,
    hero: html`<div class="pair">${speedUpChart(capped, uncapped)}${rateBars(capped, uncapped)}</div>
  <p class="note">Each small dot is one repeat, against ${count(fewest, "replica")} in the same repeat; the bar through a large dot is the 95 % interval of the mean.</p>`,
    findings: [...verdict.findings, ...(note ? [{ ok: null, text: note }] : [])],
    recorded: evidence.verdict.pass,
    figures: [
      ...capped.slice(1).map(({ replicas, speedUp }) => ({
        value: `${speedUp.mean.toFixed(2)}×`,
        unit: `with ${replicas} replicas`,
        wrong: !verdict.findings.find(({ name }) => name === `${replicas} replicas`)?.ok,
      })),
      { value: whole(capped[0]?.median ?? 0), unit: `answers/s with ${count(fewest, "replica")}` },
      ...(most && most.replicas !== fewest
        ? [{ value: whole(most.median), unit: `answers/s with ${most.replicas}` }]
        : []),
    ],
    body: html`
<section aria-labelledby="rates">
  <h2 id="rates">Answers per second</h2>
  ${table(`Each replica held to ${coreCount(options.cpus)}`, capped)}
  ${uncapped.length > 0 && table("Uncapped: only the limits of docker-compose.yml", uncapped)}
</section>
<section aria-labelledby="points">
  <h2 id="points">Every measurement</h2>
  <details><summary>${count(points.length, "point")} in the order in which they were measured</summary>${pointTable(evidence)}</details>
</section>`,
    method: method(evidence),
    plots: false,
  };
}

function headline(capped: CompareRow[]): string {
  const parts = capped
    .slice(1)
    .map(({ replicas, speedUp }) => `${speedUp.mean.toFixed(2)}× with ${replicas}`);
  return parts.length > 0 ? `${list(parts)} replicas.` : "Nothing to compare.";
}

function table(caption: string, rows: CompareRow[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
    <caption>${caption}</caption>
    <thead><tr>${["Replicas", "Median", "Least", "Most", "Speed-up, 95 % interval", "Cores per replica", "Processor time per answer"].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr><th scope="row">${row.replicas}</th><td>${whole(row.median)}</td><td>${whole(row.min)}</td><td>${whole(row.max)}</td><td>${times(row.speedUp)}</td><td>${row.coresPerReplica.toFixed(3)}</td><td>${Math.round(row.microseconds)} µs</td></tr>`)}</tbody>
  </table></div>`;
}

function pointTable({ points }: CompareEvidence): Html {
  return html`<div class="scroll"><table>
    <thead><tr>${["Repeat", "Replicas", "Cap", "Requests", "Connections", "Seconds", "Answers/s", "Cores used"].map((title) => html`<th scope="col">${title}</th>`)}</tr></thead>
    <tbody>${points.map((point) => html`<tr><td>${point.repeat}</td><td>${point.replicas}</td><td>${point.cpus ?? "none"}</td><td>${whole(point.requests)}</td><td>${whole(point.connections)}</td><td>${point.durationSeconds.toFixed(2)}</td><td>${whole(point.rate)}</td><td>${point.coresUsed.toFixed(3)}</td></tr>`)}</tbody>
  </table></div>`;
}

function method({ options, points }: CompareEvidence): [string, string | Html][] {
  const seconds = median(points.map(({ durationSeconds }) => durationSeconds));
  return [
    [
      "Order",
      `${count(options.repeats, "repeat")}; in each, every number of replicas on the way there and on the way back (as in 1 2 2 1), in an order drawn with seed ${options.seed}. A machine that slows down slows all of them. Uncapped figures stand beside: once in each of the first repeats.`,
    ],
    [
      "Replicas",
      "All of them run and are warm all the time; nginx knows only as many as are compared. A replica that is started anew costs up to twice the processor time until its code is compiled.",
    ],
    [
      "Load",
      `Closed loop by the lab's own generator, which costs less than autocannon; GET /products, about ${seconds.toFixed(1)} s for each point. ${options.direct ? "It spoke to nginx's own address, past Docker's port forwarding. " : ""}nginx gave each request to the replica with the fewest under way (least-conn): a capped replica stands still for most of every 100 ms, and in turn everybody would wait for whichever does. Every single answer had to be good.`,
    ],
    [
      "Cap",
      `${coreCount(options.cpus)} each, by the engine's CPU quota (docker update --cpus) on the running containers. Only so is the replica the limit, and not nginx or the generator.`,
    ],
    ...(options.seats
      ? [
          [
            "Cores",
            `While capped, the replicas run on core ${options.seats.replicas} and nginx ${options.seats.generator ? "and the generator " : ""}on core ${options.seats.nginx}, so that neither side takes the other's core in the middle of a request. Uncapped they run wherever the system puts them.`,
          ] as [string, string],
        ]
      : []),
    [
      "Speed-up",
      "Geometric mean of the ratios within each repeat; interval by Student's t on their logarithms (Bland and Altman, BMJ 312:1079, 1996).",
    ],
  ];
}

const coreCount = (cores: number): string => `${cores} ${cores === 1 ? "core" : "cores"}`;

function list(parts: string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
