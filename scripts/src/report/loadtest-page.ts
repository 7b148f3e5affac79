import type { LoadtestEvidence } from "../lab/evidence-schema.ts";
import { judgeLoad, type LoadVerdict, soldOutAnswers } from "../lab/load-verdict.ts";
import type { LoadResult } from "../lib/load-result.ts";
import { byNumber, count, ms, percent, whole } from "./figures.ts";
import { type Html, html, scriptJson } from "./html.ts";
import { errorTable, kindTable, latencyTable, timelineTable } from "./load-tables.ts";
import type { PageParts } from "./parts.ts";
import { histogramPercentile, plotData } from "./plot-data.ts";
import { badge, keel, type Share, shares, shareTable } from "./share.ts";

/** The judge's verdict about a record, from its raw samples. */
export function loadtestVerdict(evidence: LoadtestEvidence): LoadVerdict {
  const { environment, promise, replicaCounters, load } = evidence;
  const { strategy, replicas: pool } = environment.settings;
  return judgeLoad({ strategy, promise, pool, replicaCounters, load });
}

/** Contents of a load test's page, computed from the record's samples. */
export function loadtestParts(evidence: LoadtestEvidence): PageParts {
  const { load, environment } = evidence;
  const verdict = loadtestVerdict(evidence);
  const { strategy, replicas: pool } = environment.settings;
  const answers = new Map(Object.entries(load.perReplica).map(([id, one]) => [id, one.answers]));
  const all = shares(answers, pool, verdict.expected);
  const at = (share: number) => ms(histogramPercentile(load.histogram, share));
  const soldOut = soldOutAnswers(load);
  const bad = load.sent - load.ok - soldOut;
  return {
    title: "Load test",
    // What could not be measured leaves no record.
    measured: true,
    pass: verdict.pass,
    headline: headline(verdict, strategy),
    lead: html`${whole(load.sent)} requests through ${count(pool.length, "replica")} by ${strategy}, ${howSent(evidence)}.${evidence.interrupted && " Ended early, by Ctrl-C; judged by what was measured."}`,
    hero: html`${keel(all)}<p class="note">${keelNote(all, verdict)}</p>`,
    findings: [...verdict.findings, ...verdict.remarks.map((text) => ({ ok: null, text }))],
    recorded: evidence.verdict.pass,
    figures: [
      { value: whole(load.throughput), unit: "answers per second" },
      { value: at(0.5), unit: "median" },
      { value: at(0.99), unit: "99 % took at most" },
      { value: ms(load.latency.max), unit: "the slowest" },
      { value: whole(bad), unit: `of ${whole(load.sent)} failed`, wrong: bad > 0 },
      ...(soldOut > 0 ? [{ value: whole(soldOut), unit: "were sold out" }] : []),
    ],
    body: html`
<section aria-labelledby="share">
  <h2 id="share">Share per replica</h2>
  ${shareTable(all)}
</section>
<div class="pair">
<section aria-labelledby="throughput">
  <h2 id="throughput">Throughput over time</h2>
  ${legend(load)}
  ${plot("throughput", `Good answers per second over ${load.durationSeconds.toFixed(0)} seconds, replicas on top of each other. On average ${whole(load.throughput)} per second.`)}
  <p class="note">Answers per second, counted in the second in which the request ${load.generator === "open loop" ? "was due" : "was sent"}.</p>
</section>
<section aria-labelledby="over-time">
  <h2 id="over-time">Latency over time</h2>
  <ul class="legend"><li><i class="line line-p50"></i>median</li><li><i class="line line-p90"></i>90 %</li><li><i class="line line-p99"></i>99 %</li><li><i class="line line-max"></i>slowest</li></ul>
  ${plot("percentiles", "Median, 90 %, 99 % and slowest answer of each second; the same figures are in the table below.")}
</section>
</div>
<details><summary>Each second as a table</summary>${timelineTable(load)}</details>
<section aria-labelledby="distribution">
  <h2 id="distribution">How slow are the slowest?</h2>
  ${plot("distribution", `Latency by percentile: median ${at(0.5)}, 90 % ${at(0.9)}, 99 % ${at(0.99)}, 99.9 % ${at(0.999)}, slowest ${ms(load.latency.max)}.`)}
  <p class="note">Each step to the right leaves out nine tenths of the requests that are left: 90 % took at most ${at(0.9)}, 99 % at most ${at(0.99)}.</p>
  ${latencyTable(load)}
  ${Object.keys(load.perKind).length > 1 && kindTable(load)}
</section>
<section aria-labelledby="errors">
  <h2 id="errors">Errors</h2>
  ${bad === 0 ? html`<p>None of ${whole(load.sent)} requests failed. At 95 % confidence that is a rate below ${percent(3 / load.sent, 3)} (3/n, the rule of three).</p>` : errorTable(load)}
  ${soldOut > 0 && html`<p class="note">${count(soldOut, "purchase")} more ${soldOut === 1 ? "was" : "were"} answered “sold out” (409), as they should be.</p>`}
</section>
<script type="application/json" id="plot-data">${scriptJson(plotData(load))}</script>`,
    method: method(evidence),
    plots: true,
  };
}

function headline({ pass, findings, spreadJudged }: LoadVerdict, strategy: string): string {
  const red = new Set(findings.filter(({ ok }) => !ok).map(({ name }) => name));
  if (pass) return spreadJudged ? "Every replica took its share." : "Every request was answered.";
  if (red.has("answers")) return "Not every request was answered well.";
  if (red.has("strategy")) return "Another strategy was at work.";
  return red.has("spread") || red.has("pinned")
    ? `Not the spread that ${strategy} promises.`
    : "The counts disagree.";
}

/** In words what the bar shows, for those who see it and for those who do not. */
function keelNote(all: Share[], { expected }: LoadVerdict): string {
  const each = all.map(({ replica, answers }) => `replica ${replica} ${whole(answers)}`).join(", ");
  return `Good answers: ${each}.${expected ? " The notches mark where the bar should be cut." : ""}`;
}

function howSent({ options, load }: LoadtestEvidence): string {
  if (load.generator === "closed loop")
    return `as fast as ${count(options.connections ?? 0, "connection")} got answers`;
  const gaps = options.arrivals === "poisson" ? "at random moments (Poisson)" : "evenly spaced";
  return `${whole(options.rate ?? 0)} a second for ${load.durationSeconds.toFixed(1)} s, ${gaps}`;
}

function method({ options, load }: LoadtestEvidence): [string, string | Html][] {
  const closed = load.generator === "closed loop";
  const total = options.mix.reduce((sum, { weight }) => sum + weight, 0);
  const mix = options.mix.map(({ kind, weight }) => `${kind} ${percent(weight / total, 0)}`).join(", ");
  return [
    [
      "Load",
      closed
        ? `Closed loop: ${count(options.connections ?? 0, "connection")}, each sends its next request when the last was answered. It slows down with the server, so its latencies are no promise about a given rate.`
        : `Open loop: ${whole(options.rate ?? 0)} requests a second leave on schedule, whether or not earlier ones were answered, over ${options.newConnections ? "a new connection each" : "kept connections"}.`,
    ],
    ["Requests", `${mix}${options.seed === undefined ? "" : `; seed ${options.seed}`}`],
    ["Latency", `From the ${load.latencyFrom} to the last byte of the answer, of all answers.`],
    ...(load.scheduled === null ? [] : [["Schedule", schedule(load)] satisfies [string, string]]),
    [
      "Generator",
      `Its busiest thread used ${percent(load.processor.busiestThread, 0)} of a core, ${load.processor.seconds.toFixed(1)} s of processor time in all.`,
    ],
  ];
}

/** How well the generator kept to its own plan; what it lost counts in the latencies. */
function schedule({ scheduled, sent, late, sendLag }: LoadResult): string {
  const left = `${whole(sent)} of ${count(scheduled ?? 0, "request")} left, ${whole(late ?? 0)} of them too late`;
  return sendLag
    ? `${left}; behind time by ${ms(sendLag.p50)} in the median, ${ms(sendLag.p99)} at 99 %, ${ms(sendLag.max)} at most, which is part of the latencies.`
    : `${left}.`;
}

const legend = (load: LoadResult): Html =>
  html`<ul class="legend">${Object.keys(load.perReplica)
    .sort(byNumber)
    .map(
      (id) => html`<li>${badge(id)} replica ${id}</li>`,
    )}<li><i class="box box-failed"></i>${soldOutAnswers(load) > 0 ? "failed or sold out" : "failed"}</li></ul>`;

const plot = (name: string, sentence: string): Html => html`<figure>
  <div class="plot" data-plot="${name}" role="img" aria-label="${sentence}"></div>
  <figcaption data-readout="">\u00a0</figcaption>
</figure>`;
