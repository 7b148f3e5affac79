import { type CheckResult, checkDistribution } from "../lab/check-distribution.ts";
import { wholeNumber } from "../lib/numbers.ts";
import { colour, result, table } from "../lib/output.ts";
import { steps } from "../lib/progress.ts";
import { defineVerb } from "../lib/verb.ts";
import { settings } from "../runtime/settings.ts";

/** Characters of a bar that stands for all requests. */
const BAR = 40;

export default defineVerb({
  meta: {
    name: "check",
    description:
      "Send 10,000 requests and judge whether they were spread as the strategy promises (exit code 0 yes, 1 no, 2 not measured)",
    example: ["npm run lab:check", "npm run lab:check -- --strategy weighted --json"],
  },
  args: {
    requests: { type: "string", default: "10000", description: "Requests to send, 100 to 100,000" },
    connections: {
      type: "string",
      default: "50",
      description: "Clients that send at the same time, 10 to 500",
    },
    strategy: { type: "string", description: "Judge by this strategy's promise instead of the active one's" },
  },
  async run({ args }) {
    const requests = wholeNumber("--requests", args.requests, 100, 100_000);
    const connections = wholeNumber("--connections", args.connections, 10, 500);
    let checked: CheckResult | undefined;
    await steps([
      {
        title: `${requests.toLocaleString("en-US")} requests over ${connections} connections`,
        run: async (step) => {
          checked = await checkDistribution(settings(), {
            requests,
            connections,
            ...(args.strategy ? { announced: args.strategy } : {}),
            onProgress: (answers) => step.progress(`${answers.toLocaleString("en-US")} answers`),
          });
        },
      },
    ]);
    if (!checked) return 2;
    result(toJson(checked), () => render(checked as CheckResult));
    return checked.verdict.pass ? 0 : 1;
  },
});

function toJson({ strategy, samples, verdict, load, runId }: CheckResult) {
  return {
    pass: verdict.pass,
    strategy: strategy.id,
    promise: strategy.expect,
    runId,
    findings: verdict.findings,
    sent: samples.sent,
    pool: samples.pool,
    client: Object.fromEntries(samples.client),
    proxyLog: Object.fromEntries(samples.proxy ?? []),
    replicaCounters: Object.fromEntries(samples.replica),
    expected: verdict.expected ? Object.fromEntries(verdict.expected) : null,
    foreign: samples.foreign,
    throughput: load.throughput,
    latencyMs: load.latency,
  };
}

function render({ strategy, samples, verdict, load }: CheckResult): string {
  const ids = [...new Set([...samples.pool, ...samples.client.keys()])].sort();
  const rows = ids.map((id) => {
    const count = samples.client.get(id) ?? 0;
    const share = count / samples.sent;
    const want = verdict.expected?.get(id);
    return [
      `replica ${id}`,
      count,
      `${(100 * share).toFixed(2)} %`,
      want === undefined ? "–" : Math.round(want * 100) / 100,
      samples.proxy?.get(id) ?? 0,
      samples.replica.get(id) ?? "–",
      "█".repeat(Math.round(share * BAR)) || (count > 0 ? "▏" : ""),
    ];
  });
  const head = ["", "answers", "share", "expected", "nginx log", "own counter", ""];
  const findings = verdict.findings.map(
    ({ ok, text }) => `${ok ? colour.green("✔") : colour.red("✖")} ${text}`,
  );
  const { p50, p99 } = load.latency;
  return [
    `${colour.bold(strategy.id)}: ${strategy.summary}`,
    table(head, rows),
    ...findings,
    `${Math.round(load.throughput).toLocaleString("en-US")} requests/s, median ${p50} ms, p99 ${p99} ms (closed loop, so not a capacity figure)`,
    verdict.pass
      ? colour.green(`PASS: the spread is what ${strategy.id} promises.`)
      : colour.red(`FAIL: this is not what ${strategy.id} promises.`),
  ].join("\n");
}
