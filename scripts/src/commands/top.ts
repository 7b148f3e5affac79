import logUpdate from "log-update";
import { watchLab } from "../lab/top.ts";
import type { OrdersRow, TopSample } from "../lab/top-sample.ts";
import { LabError } from "../lib/errors.ts";
import { wholeNumber } from "../lib/numbers.ts";
import { bytes, duration, isJson, result, say, table } from "../lib/output.ts";
import { defineVerb } from "../lib/verb.ts";
import { verbLine } from "../lib/verb-command.ts";

/** Characters of a bar that stands for all requests. */
const BAR = 24;

export default defineVerb({
  meta: {
    name: "top",
    description:
      "Show live what each replica does (requests, share, p99, CPU, memory, streams) and what the rest costs; Ctrl-C ends it",
    example: ["npm run lab:top", "npm run lab:top -- --once --json"],
    untilInterrupted: true,
  },
  args: {
    interval: { type: "string", default: "1", description: "Seconds between two readings, 1 to 60" },
    once: { type: "boolean", description: "Show what happened in one interval, and end" },
  },
  async run({ args, signal }) {
    const intervalMs = 1000 * wholeNumber("--interval", args.interval, 1, 60);
    if (isJson() && !args.once)
      throw new LabError("A table that changes every second is no JSON document.", {
        code: "usage",
        hint: `For one sample: ${verbLine("top", "--once --json")}`,
      });
    const live = Boolean(process.stdout.isTTY) && !args.once;
    const show = (sample: TopSample) => {
      if (live) logUpdate(render(sample));
      else if (args.once) result(sample, render);
      else say(`${render(sample)}\n`);
    };
    await watchLab({ intervalMs, signal, onSample: show, ...(args.once ? { samples: 1 } : {}) });
    if (live) logUpdate.done();
  },
});

/** The whole picture as text. */
export function render({ requestsPerSecond, replicas, others, orders }: TopSample): string {
  const rows = replicas.map((one) => [
    one.state === "running" ? `replica ${one.ordinal}` : `replica ${one.ordinal} (${one.state})`,
    rate(one.requestsPerSecond),
    one.share === null ? "–" : `${(100 * one.share).toFixed(1)} %`,
    (one.share === null ? "" : "█".repeat(Math.round(one.share * BAR))).padEnd(BAR),
    one.p99Ms === null ? "–" : `${one.p99Ms.toFixed(1)} ms`,
    cores(one.cpu),
    memory(one.memory),
    one.streams ?? "–",
  ]);
  const rest = others.map((one) => [
    one.state === "running" ? one.name : `${one.name} (${one.state})`,
    cores(one.cpu),
    memory(one.memory),
  ]);
  return [
    table(["", "requests/s", "share", "", "p99", "CPU", "memory", "streams"], rows),
    `${rate(requestsPerSecond)} requests/s in all; CPU in % of one core; without health checks, /status and /metrics`,
    "",
    table(["", "CPU", "memory"], rest),
    ordersLine(orders),
  ].join("\n");
}

function ordersLine(orders: OrdersRow): string {
  const { backlog, backlogAgeSeconds, relay, bookedPerSecond, lag, dead } = orders;
  if (backlog === null && bookedPerSecond === null && lag === null) return "Orders: nobody tells.";
  const age = backlog && backlogAgeSeconds !== null ? `, the oldest for ${duration(backlogAgeSeconds)}` : "";
  return [
    `Orders: ${backlog === null ? "–" : backlog.toLocaleString("en-US")} wait in the outbox${age}`,
    relay === null ? "no replica relays" : `replica ${relay} relays`,
    `${rate(bookedPerSecond)} booked/s`,
    `lag ${lag ?? "–"}`,
    ...(dead ? [`${dead} put aside`] : []),
  ].join("; ");
}

const rate = (value: number | null) => (value === null ? "–" : value.toFixed(value < 100 ? 1 : 0));
const cores = (value: number | null) => (value === null ? "–" : `${(100 * value).toFixed(1)} %`);
const memory = (value: number | null) => (value === null ? "–" : bytes(value));
