import type { LoadtestEvidence } from "../lab/evidence-schema.ts";
import { soldOutAnswers } from "../lab/load-verdict.ts";
import { colour, table } from "../lib/output.ts";
import { count, ms, percent, whole } from "./figures.ts";
import { loadtestVerdict } from "./loadtest-page.ts";
import { plotData } from "./plot-data.ts";
import { shares } from "./share.ts";

/** Characters of a bar that stands for all answers. */
const BAR = 30;
const STEPS = "▁▂▃▄▅▆▇█";
/** Characters of a curve over time; a longer load is cut into so many pieces. */
const CURVE = 60;

/** A load test for the terminal, from its record. */
export function loadtestText(evidence: LoadtestEvidence): string {
  const { load, environment } = evidence;
  const verdict = loadtestVerdict(evidence);
  const answers = new Map(Object.entries(load.perReplica).map(([id, one]) => [id, one.answers]));
  const all = shares(answers, environment.settings.replicas, verdict.expected);
  const total = Math.max(1, load.ok);
  const rows = all.map(({ replica, answers: own, expected }) => [
    `replica ${replica}`,
    whole(own),
    percent(own / total),
    expected === null ? "–" : whole(expected),
    ms(load.perReplica[replica]?.latency.p50 ?? 0),
    ms(load.perReplica[replica]?.latency.p99 ?? 0),
    "█".repeat(Math.round((own / total) * BAR)) || (own > 0 ? "▏" : ""),
  ]);
  const { latency, replicas } = plotData(load);
  const rates = latency.p99.map((_, i) => replicas.reduce((sum, one) => sum + (one.rates[i] ?? 0), 0));
  const { p50, p90, p99, p999, max } = load.latency;
  const soldOut = soldOutAnswers(load);
  const failed = load.sent - load.ok - soldOut;
  const from =
    load.generator === "closed loop"
      ? "closed loop, so not a capacity figure"
      : `from the ${load.latencyFrom}`;
  return [
    table(["", "answers", "share", "expected", "median", "99 %", ""], rows),
    ...(rates.length > 1
      ? [`answers/s  ${curve(rates)}`, `99 %       ${curve(latency.p99.map((value) => value ?? 0))}`]
      : []),
    `${whole(load.throughput)} answers/s over ${load.durationSeconds.toFixed(1)} s; ${count(failed, "request")} of ${whole(load.sent)} failed${soldOut > 0 ? `, ${whole(soldOut)} were sold out` : ""}`,
    `latency: median ${ms(p50)}, 90 % ${ms(p90)}, 99 % ${ms(p99)}, 99.9 % ${ms(p999)}, slowest ${ms(max)} (${from})`,
    ...verdict.findings.map(({ ok, text }) => `${ok ? colour.green("✔") : colour.red("✖")} ${text}`),
    ...verdict.remarks.map((text) => `– ${text}`),
    ...(evidence.interrupted
      ? [colour.yellow("! Ended early; judged by what was measured until then.")]
      : []),
    verdict.pass
      ? colour.green(
          `PASS: nothing failed${!verdict.spreadJudged ? "." : `, and the spread is what ${environment.settings.strategy} promises.`}`,
        )
      : colour.red("FAIL: see the lines marked ✖."),
  ].join("\n");
}

/** Values as a row of blocks, the highest of them full. */
export function curve(values: number[]): string {
  const size = Math.ceil(values.length / CURVE);
  const pieces = Array.from({ length: Math.ceil(values.length / size) }, (_, i) =>
    Math.max(...values.slice(i * size, (i + 1) * size)),
  );
  const top = Math.max(...pieces) || 1;
  return pieces
    .map((value) => STEPS[Math.min(STEPS.length - 1, Math.floor((value / top) * STEPS.length))])
    .join("");
}
