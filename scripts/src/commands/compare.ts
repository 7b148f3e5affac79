import { type Comparison, compareReplicas } from "../lab/compare.ts";
import { STRATEGY } from "../lab/compare-pool.ts";
import {
  type CompareRow,
  compareRows,
  judgeCompare,
  LIMIT,
  times,
  uncappedNote,
  wasMeasured,
} from "../lab/compare-verdict.ts";
import { environment } from "../lab/environment.ts";
import { shownPath, writeEvidence } from "../lab/evidence.ts";
import type { CompareEvidence } from "../lab/evidence-schema.ts";
import { LabError } from "../lib/errors.ts";
import { wholeNumber } from "../lib/numbers.ts";
import { colour, result, table } from "../lib/output.ts";
import { steps } from "../lib/progress.ts";
import { MOST_REPLICAS } from "../lib/replicas.ts";
import { defineVerb } from "../lib/verb.ts";
import { verbLine } from "../lib/verb-command.ts";
import { evidenceExitCode, writeReport } from "../report/write.ts";
import { settings } from "../runtime/settings.ts";

/** Characters of a bar that stands for the fastest. */
const BAR = 30;

export default defineVerb({
  meta: {
    name: "compare",
    description:
      "Measure what more replicas are worth, each held to the same share of a core, and judge it: 2 should serve 2.0 times as much, 4 at least 3.8 times",
    example: ["npm run lab:compare", "npm run lab:compare -- --replicas 1,2,4 --cpus 0.2 --repeats 5"],
  },
  args: {
    replicas: { type: "string", default: "1,2,4", description: "Numbers of replicas, 1 to 10 each" },
    cpus: { type: "string", default: "0.2", description: "Cores each replica is held to, 0.05 to 4" },
    repeats: { type: "string", default: "5", description: "How often each is measured, 2 to 20" },
    seconds: { type: "string", default: "6", description: "Length of one measurement, 1 to 60" },
    connections: { type: "string", default: "40", description: "Clients per replica, 10 to 200" },
    seed: { type: "string", description: "Repeat the same order; printed at the end" },
  },
  async run({ args, signal }) {
    const options = {
      replicas: replicaCounts(args.replicas),
      cpus: cores(args.cpus),
      repeats: wholeNumber("--repeats", args.repeats, 2, 20),
      seconds: wholeNumber("--seconds", args.seconds, 1, 60),
      connectionsPerReplica: wholeNumber("--connections", args.connections, 10, 200),
      seed: args.seed
        ? wholeNumber("--seed", args.seed, 0, 2 ** 32 - 1)
        : Math.floor(Math.random() * 2 ** 32),
    };
    let comparison: Comparison = { points: [], seats: null, direct: false };
    await steps([
      {
        title: "Comparison",
        run: async (step) => {
          comparison = await compareReplicas(settings(), options, step, signal);
        },
      },
    ]);
    const { points, seats, direct } = comparison;
    const { connectionsPerReplica, ...recorded } = options;
    const words = `--replicas ${options.replicas.join(",")} --cpus ${options.cpus} --repeats ${options.repeats} --seconds ${options.seconds} --connections ${connectionsPerReplica} --seed ${options.seed}`;
    const evidence: CompareEvidence = {
      what: "compare",
      version: 1,
      takenAt: new Date().toISOString(),
      command: verbLine("compare", words),
      environment: await environment(STRATEGY),
      options: { ...recorded, seats, direct },
      points,
      verdict: judgeCompare(points),
    };
    const file = await writeEvidence(evidence);
    const report = await writeReport(evidence, file);
    result({ ...evidence, files: { evidence: file, report } }, () =>
      [
        render(evidence),
        `Evidence ${shownPath(file)}`,
        `Report   ${shownPath(report)} (a page; open it in a browser)`,
      ].join("\n"),
    );
    return evidenceExitCode(evidence);
  },
});

function render({ points, verdict, options }: CompareEvidence): string {
  const note = uncappedNote(points);
  return [
    `Each replica held to ${options.cpus} cores, ${options.repeats} repeats in random order, seed ${options.seed}`,
    rows(compareRows(points, true)),
    "Uncapped: each replica with its own limit in docker-compose.yml",
    rows(compareRows(points, false)),
    ...(note ? [note] : []),
    ...verdict.findings.map(({ ok, text }) => `${ok ? colour.green("✔") : colour.red("✖")} ${text}`),
    !wasMeasured(verdict)
      ? colour.red(`NOT MEASURED: ${remedy(verdict)}`)
      : verdict.pass
        ? colour.green("PASS: the pool grows as its number of replicas does.")
        : colour.red("FAIL: the pool does not grow as its number of replicas does."),
  ].join("\n");
}

const remedy = ({ findings }: CompareEvidence["verdict"]): string =>
  findings.some(({ name, ok }) => !ok && name === LIMIT)
    ? "stop other programs, or hold the replicas to less with --cpus 0.1."
    : "stop other programs, or measure more often with --repeats 10.";

function rows(all: CompareRow[]): string {
  const most = Math.max(...all.map(({ median }) => median));
  const n = (value: number) => Math.round(value).toLocaleString("en-US");
  return table(
    ["replicas", "median/s", "least–most", "speed-up (95 %)", "cores each", "µs/answer", ""],
    all.map(({ replicas, median, min, max, speedUp, coresPerReplica, microseconds }) => [
      replicas,
      n(median),
      `${n(min)}–${n(max)}`,
      times(speedUp),
      coresPerReplica.toFixed(3),
      Math.round(microseconds),
      "█".repeat(Math.round((BAR * median) / most)),
    ]),
  );
}

function replicaCounts(text: string): number[] {
  const counts = [
    ...new Set(
      text.split(",").map((part) => wholeNumber("Each number in --replicas", part.trim(), 1, MOST_REPLICAS)),
    ),
  ];
  if (counts.length < 2)
    throw new LabError("--replicas must name at least two different numbers, such as 1,2,4.", {
      code: "usage",
    });
  return counts.sort((a, b) => a - b);
}

function cores(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 0.05 && value <= 4))
    throw new LabError(`--cpus must be a number of cores from 0.05 to 4, not "${text}".`, { code: "usage" });
  return value;
}
