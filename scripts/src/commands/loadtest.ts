import { readEvidence, shownPath, writeEvidence } from "../lab/evidence.ts";
import type { LoadtestEvidence } from "../lab/evidence-schema.ts";
import { DEFAULT_MIX, parseMix } from "../lab/load-mix.ts";
import { type LoadPlan, runLoadtest } from "../lab/loadtest.ts";
import { type ExitCode, LabError } from "../lib/errors.ts";
import { nearest } from "../lib/nearest.ts";
import { wholeNumber } from "../lib/numbers.ts";
import { result } from "../lib/output.ts";
import { steps } from "../lib/progress.ts";
import { defineVerb } from "../lib/verb.ts";
import { verbLine } from "../lib/verb-command.ts";
import { loadtestText } from "../report/loadtest-text.ts";
import { evidenceExitCode, writeReport } from "../report/write.ts";
import { settings } from "../runtime/settings.ts";

export default defineVerb({
  meta: {
    name: "loadtest",
    description:
      "Measure throughput, latency and the share of each replica, judge them, and write evidence and a report (exit code 0 yes, 1 no, 2 not measured)",
    example: [
      "npm run loadtest",
      "npm run loadtest -- --rate 500 --duration 30 --arrivals poisson",
      'npm run loadtest -- --rate 200 --mix "GET /products=8,GET /stock=1,POST /purchase=1"',
    ],
  },
  args: {
    requests: { type: "string", description: "Closed loop: requests to send, 100 to 10,000,000 (10000)" },
    connections: { type: "string", description: "Closed loop: clients that send at a time, 1 to 1000 (50)" },
    rate: { type: "string", description: "Open loop: requests per second, 1 to 100,000, on schedule" },
    duration: { type: "string", description: "Open loop: seconds, 1 to 86400 (10)" },
    arrivals: { type: "string", description: "Open loop: constant or poisson (constant)" },
    "new-connections": {
      type: "boolean",
      alias: "connections-per-request",
      description: "Open loop: a new connection for each request",
    },
    workers: { type: "string", description: "Open loop: threads that send, 1 to 64 (by the rate)" },
    mix: {
      type: "string",
      default: DEFAULT_MIX,
      description: "Method, path, weight of each kind of request",
    },
    seed: { type: "string", description: "Repeat the same sequence of requests; printed at the end" },
    from: { type: "string", description: "Measure nothing; make the report of this evidence anew" },
  },
  async run({ args, signal }) {
    if (args.from) return again(args.from);
    const plan = planFrom(args);
    let evidence: LoadtestEvidence | undefined;
    await steps([
      {
        title: title(plan),
        run: async (step) => {
          evidence = await runLoadtest(settings(), plan, {
            command: commandOf(plan),
            signal,
            onProgress: (answers) => step.progress(`${answers.toLocaleString("en-US")} answers`),
          });
        },
      },
    ]);
    if (!evidence) return 2;
    const file = await writeEvidence(evidence);
    show(evidence, file, await writeReport(evidence, file));
    return evidence.verdict.pass ? 0 : 1;
  },
});

/** A page from a record; the verdict is that of the record's samples. */
async function again(path: string): Promise<ExitCode | 0> {
  const { evidence, file } = await readEvidence(path);
  const report = await writeReport(evidence, file);
  if (evidence.what === "loadtest") show(evidence, file, report);
  else result({ ...evidence, files: { evidence: file, report } }, () => `Report   ${shownPath(report)}`);
  return evidenceExitCode(evidence);
}

function show(evidence: LoadtestEvidence, file: string, report: string): void {
  result({ ...evidence, files: { evidence: file, report } }, () =>
    [
      loadtestText(evidence),
      `Evidence ${shownPath(file)}`,
      `Report   ${shownPath(report)} (a page; open it in a browser)`,
    ].join("\n"),
  );
}

type Args = Record<
  "requests" | "connections" | "rate" | "duration" | "arrivals" | "workers" | "seed",
  string | undefined
> & { mix: string; "new-connections"?: boolean | undefined };

/** @throws LabError `usage` also when options of one loop are given with the other. */
export function planFrom(args: Args): LoadPlan {
  const open = args.rate !== undefined;
  for (const name of ["duration", "arrivals", "new-connections", "workers"] as const)
    if (!open && args[name]) throw usage(`--${name} needs --rate: only a load at a given rate has it.`);
  for (const name of ["requests", "connections"] as const)
    if (open && args[name])
      throw usage(`--${name} does not go with --rate, which says how many come and when.`);
  const number = (name: keyof Args & string, other: string, from: number, to: number) =>
    wholeNumber(`--${name}`, String(args[name] ?? other), from, to);
  const seed = args.seed ? number("seed", "", 0, 2 ** 32 - 1) : Math.floor(Math.random() * 2 ** 32);
  const common = { mix: parseMix(args.mix), seed };
  if (!open)
    return {
      ...common,
      loop: "closed",
      requests: number("requests", "10000", 100, 10_000_000),
      connections: number("connections", "50", 1, 1000),
    };
  return {
    ...common,
    loop: "open",
    rate: number("rate", "", 1, 100_000),
    durationSeconds: number("duration", "10", 1, 86_400),
    arrivals: arrivals(args.arrivals ?? "constant"),
    newConnections: args["new-connections"] ?? false,
    ...(args.workers ? { workers: number("workers", "", 1, 64) } : {}),
  };
}

const ARRIVALS = ["constant", "poisson"] as const;

function arrivals(word: string): (typeof ARRIVALS)[number] {
  const known = ARRIVALS.find((one) => one === word);
  if (!known)
    throw usage(
      `--arrivals must be constant or poisson, not "${word}"; the nearest is "${nearest(word, ARRIVALS)[0]}".`,
    );
  return known;
}

const title = (plan: LoadPlan) =>
  plan.loop === "closed"
    ? `${plan.requests.toLocaleString("en-US")} requests over ${plan.connections} connections`
    : `${plan.rate.toLocaleString("en-US")} requests/s for ${plan.durationSeconds} s`;

/** The command that measures the same again, with what was left to chance. */
export function commandOf(plan: LoadPlan): string {
  const mix = plan.mix.map(({ kind, weight }) => `${kind}=${weight}`).join(",");
  const words =
    plan.loop === "closed"
      ? [`--requests ${plan.requests} --connections ${plan.connections}`]
      : [
          `--rate ${plan.rate} --duration ${plan.durationSeconds} --arrivals ${plan.arrivals}`,
          ...(plan.newConnections ? ["--new-connections"] : []),
          ...(plan.workers ? [`--workers ${plan.workers}`] : []),
        ];
  return verbLine("loadtest", [...words, `--mix "${mix}"`, `--seed ${plan.seed}`].join(" "));
}

const usage = (message: string) =>
  new LabError(message, { code: "usage", hint: `Options and examples: ${verbLine("loadtest", "--help")}` });
