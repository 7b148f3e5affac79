import { type BroughtUp, bringUp } from "../lab/bring-up.ts";
import { deployed } from "../lab/deployed.ts";
import { noteFirstStart } from "../lab/first-start.ts";
import { wholeNumber } from "../lib/numbers.ts";
import { colour, note, result, table } from "../lib/output.ts";
import { steps } from "../lib/progress.ts";
import { MOST_REPLICAS } from "../lib/replicas.ts";
import { defineVerb } from "../lib/verb.ts";
import { findingLine } from "../runtime/finding.ts";
import { recordLabEvent, recordReplicasWanted } from "../runtime/lab-events.ts";
import { friendlyUrl, type Settings, settings } from "../runtime/settings.ts";
import { urls } from "../runtime/urls.ts";

export default defineVerb({
  meta: {
    name: "up",
    description:
      "Bring the lab up, from whatever state this machine is in; on a running lab change only what differs",
    example: ["npm run lab:up", "npm run lab:up -- --replicas 3 --strategy least-conn"],
  },
  args: {
    replicas: { type: "string", description: "Copies of the shop, 1 to 10 (LAB_REPLICAS)" },
    strategy: { type: "string", description: "How nginx picks a replica (LAB_STRATEGY)" },
    doctor: {
      type: "boolean",
      default: true,
      description: "Look for problems first",
      negativeDescription: "Do not",
    },
  },
  async run({ args, signal }) {
    const start = performance.now();
    const at = Date.now();
    const configured = settings();
    const wanted: Settings = {
      ...configured,
      ...(args.replicas ? { replicas: wholeNumber("--replicas", args.replicas, 1, MOST_REPLICAS) } : {}),
      ...(args.strategy ? { strategy: args.strategy } : {}),
    };
    const up: BroughtUp = { images: [], before: [], containers: [], findings: [] };
    await steps(bringUp(wanted, signal, up, args.doctor));
    const change = deployed(up.before, up.containers);
    if (change) await recordLabEvent("deploy", change, { at, replicas: wanted.replicas });
    else await recordReplicasWanted(wanted.replicas);
    noteFirstStart(up.images.map(({ ref, origin }) => `${ref} (${origin})`));
    for (const finding of up.findings) note(findingLine(finding));
    const seconds = (performance.now() - start) / 1000;
    const { strategy, replicas } = wanted;
    const containers = up.containers.map(({ name, service, ordinal, health }) => ({
      name,
      service,
      ordinal,
      health,
    }));
    const open = urls(
      wanted,
      up.containers.map(({ service }) => service),
    );
    result(
      {
        url: friendlyUrl(wanted).href,
        strategy,
        replicas,
        seconds,
        urls: open,
        containers,
        images: up.images,
        findings: up.findings,
      },
      () => report(wanted, open, seconds),
    );
  },
});

function report(wanted: Settings, open: ReturnType<typeof urls>, seconds: number): string {
  const shop = new URL("/shop", friendlyUrl(wanted)).href;
  return [
    "",
    table(
      ["open", "to see"],
      open.map(({ url, shows }) => [url, shows]),
    ),
    "",
    colour.bold("Three things to try"),
    `  1. Open ${shop} in two windows, buy in one: the stock changes in both, each on its own replica.`,
    "  2. Ask for proof with 10,000 requests, whether each replica gets its share: npm run loadtest",
    `  3. Kill a replica and go on buying: docker kill ${wanted.project}-app-1   (npm run lab:up brings it back)`,
    "",
    `${colour.green("✔")} The lab is up after ${seconds.toFixed(1)} s, ${wanted.replicas} replicas, ${wanted.strategy}. To stop it: npm run lab:down`,
  ].join("\n");
}
