import { unknown } from "../lib/catalogue.ts";
import { LabError } from "../lib/errors.ts";
import { defineVerb } from "../lib/verb.ts";
import { composeAttached } from "../runtime/compose.ts";
import { type LabContainer, labContainers, logLines, logText } from "../runtime/docker.ts";

export default defineVerb({
  meta: {
    name: "logs",
    description: "Print what the containers write; with --json --follow one object a line",
    example: ["npm run lab:logs -- app --follow", "npm run lab:logs -- nginx --tail 20 --since 5m"],
  },
  args: {
    service: { type: "positional", required: false, description: "nginx, app or redis; all when not given" },
    follow: { type: "boolean", alias: "f", description: "Go on until Ctrl-C" },
    tail: { type: "string", alias: "n", description: "Last lines of each container only" },
    since: {
      type: "string",
      description: "Not older than this: 30s, 5m, 2h, or a time 2026-01-31T12:00:00Z",
    },
  },
  async run({ args, signal }) {
    const containers = await labContainers({ all: true });
    const services = [...new Set(containers.map(({ service }) => service))];
    if (containers.length === 0)
      throw new LabError("There are no containers of the lab, so there is no log.", {
        code: "lab.down",
        hint: "Start the lab with: npm run lab:up",
      });
    if (args.service && !services.includes(args.service)) throw unknown("service", args.service, services);
    const since = args.since === undefined ? undefined : sinceTime(args.since, Date.now());
    const tail = args.tail === undefined ? undefined : lineCount(args.tail);
    if (args.json) {
      const wanted = containers.filter(({ service }) => !args.service || service === args.service);
      const query = { ...(since === undefined ? {} : { since }), ...(tail === undefined ? {} : { tail }) };
      if (args.follow) await Promise.all(wanted.map((container) => follow(container, { ...query, signal })));
      else await print(wanted, query);
      return 0;
    }
    const options = [
      ...(args.follow ? ["--follow"] : []),
      ...(tail === undefined ? [] : ["--tail", String(tail)]),
      ...(since === undefined ? [] : ["--since", String(since)]),
    ];
    const words = ["logs", ...options, ...(args.service ? [args.service] : [])];
    // Compose has said why on standard error, which is this terminal's own.
    return (await composeAttached(words, signal)) === 0 ? 0 : 2;
  },
});

type Query = Parameters<typeof logLines>[1];

async function print(containers: LabContainer[], query: Query): Promise<void> {
  const logs = containers.map(async ({ id, name, service, ordinal }) => {
    const lines = (await logText(id, query)).split("\n");
    return {
      container: name,
      service,
      ordinal,
      lines: lines.filter((line, i) => line || i < lines.length - 1),
    };
  });
  process.stdout.write(`${JSON.stringify({ logs: await Promise.all(logs) }, null, 2)}\n`);
}

async function follow({ id, name, service, ordinal }: LabContainer, query: Query): Promise<void> {
  for await (const line of logLines(id, query))
    process.stdout.write(`${JSON.stringify({ container: name, service, ordinal, line })}\n`);
}

/** Unix seconds of "5m" before now, or of a time. @throws LabError `usage`. */
export function sinceTime(text: string, now: number): number {
  const [, amount, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? [];
  const seconds = { s: 1, m: 60, h: 3600 }[unit ?? ""];
  if (amount && seconds) return Math.floor(now / 1000 - Number(amount) * seconds);
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new LabError(`--since must be like 30s, 5m, 2h or 2026-01-31T12:00:00Z, not "${text}".`, {
      code: "usage",
    });
  return Math.floor(time / 1000);
}

function lineCount(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new LabError(`--tail must be a number of lines, not "${text}".`, { code: "usage" });
}
