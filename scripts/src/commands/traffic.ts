import logUpdate from "log-update";
import { wholeNumber } from "../lib/numbers.ts";
import { colour, isJson, note, result } from "../lib/output.ts";
import { percentile } from "../lib/statistics.ts";
import { defineVerb } from "../lib/verb.ts";
import { baseUrl, settings } from "../runtime/settings.ts";
import { runTraffic, type TrafficTotals } from "../runtime/traffic.ts";

const BAR = 30;
/** Seconds between two reports where no terminal can be redrawn. */
const LOG_EVERY = 5;

export default defineVerb({
  meta: {
    name: "traffic",
    description:
      "Send what customers would: browse, look at stock, buy, keep event streams open; live, per replica",
    example: ["npm run lab:traffic", "npm run lab:traffic -- --rate 200 --duration 300 --streams 20"],
  },
  args: {
    rate: { type: "string", default: "50", description: "Requests per second, 1 to 2000" },
    duration: { type: "string", default: "30", description: "Seconds, 1 to 86400" },
    streams: { type: "string", default: "4", description: "Event streams kept open, 0 to 500" },
    seed: { type: "string", description: "Repeat the same sequence of steps; printed at the end" },
  },
  async run({ args, signal }) {
    const seed = args.seed
      ? wholeNumber("--seed", args.seed, 0, 2 ** 32 - 1)
      : Math.floor(Math.random() * 2 ** 32);
    const live = Boolean(process.stdout.isTTY) && !isJson();
    // Ctrl-C ends the traffic, not the report: what was measured so far is shown.
    const totals = await runTraffic({
      url: baseUrl(settings()),
      rate: wholeNumber("--rate", args.rate, 1, 2000),
      durationSeconds: wholeNumber("--duration", args.duration, 1, 86_400),
      streams: wholeNumber("--streams", args.streams, 0, 500),
      seed,
      signal,
      onSecond: (now) => {
        if (live) logUpdate(lines(now).join("\n"));
        else if (now.seconds % LOG_EVERY === 0) note(lines(now).join("\n"));
      },
    });
    if (live) logUpdate.clear();
    result(toJson(totals, seed), () => [...lines(totals), ...summary(totals, seed)].join("\n"));
    return bad(totals) ? 1 : 0;
  },
});

function lines(totals: TrafficTotals): string[] {
  const rows = [...totals.replicas].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  return rows.map(([id, { answers, latencies }]) => {
    const share = answers / Math.max(1, totals.answered);
    const bar = "█".repeat(Math.round(share * BAR)).padEnd(BAR);
    const recent = latencies.slice(-500);
    return [
      `replica ${id}`,
      bar,
      `${(100 * share).toFixed(1)} %`.padStart(7),
      `${answers} answers`.padStart(14),
      `p50 ${percentile(recent, 0.5).toFixed(1)} ms`.padStart(12),
      `p99 ${percentile(recent, 0.99).toFixed(1)} ms`.padStart(13),
    ].join("  ");
  });
}

function summary(totals: TrafficTotals, seed: number): string[] {
  const kinds = [...totals.kinds].map(([kind, statuses]) => {
    const parts = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${count} × ${status}`);
    return `  ${kind.padEnd(9)} ${parts.join(", ")}`;
  });
  const text =
    `${totals.answered} of ${totals.sent} requests answered in ${totals.seconds.toFixed(1)} s, ${totals.failed} failed (5xx), ` +
    `${totals.unanswered} without an answer${totals.unknownPurchases ? ` (of which ${totals.unknownPurchases} purchases are unknown, not failed)` : ""}; ` +
    `${totals.sold} orders; ${totals.streamEvents} stream events, ${totals.streamFaults} missing or repeated, ${totals.streamsBehind} streams left behind. Seed ${seed}.`;
  return [...kinds, bad(totals) ? colour.red(`✖ ${text}`) : colour.green(`✔ ${text}`)];
}

const bad = ({ failed, unanswered, streamFaults, streamsBehind }: TrafficTotals) =>
  failed + unanswered + streamFaults + streamsBehind > 0;

function toJson(totals: TrafficTotals, seed: number) {
  const { replicas, kinds, ...figures } = totals;
  return {
    ...figures,
    seed,
    replicas: Object.fromEntries(
      [...replicas].map(([id, { answers, latencies }]) => [
        id,
        { answers, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) },
      ]),
    ),
    kinds: Object.fromEntries([...kinds].map(([kind, statuses]) => [kind, Object.fromEntries(statuses)])),
  };
}
