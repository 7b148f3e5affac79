import { type LabStatus, labStatus } from "../lab/status.ts";
import { bytes, colour, duration, result, table } from "../lib/output.ts";
import { defineVerb } from "../lib/verb.ts";
import { settings } from "../runtime/settings.ts";

export default defineVerb({
  meta: {
    name: "status",
    description: "Show what runs and how it is (exit code 1: something is not well)",
    example: ["npm run lab:status", "npm run lab:status -- --json"],
  },
  async run() {
    const status = await labStatus(settings());
    result(status, render);
    return status.healthy ? 0 : 1;
  },
});

const MARK = { ready: colour.green, draining: colour.yellow, unavailable: colour.red, silent: colour.red };

function render({
  engine,
  containers,
  replicas,
  strategy,
  images,
  urls,
  healthy,
  problems,
  notes,
}: LabStatus): string {
  if (!engine.answers) return `${colour.red("✖")} ${engine.what}`;
  if (containers.length === 0) return "The lab does not run. Start it with: npm run lab:up";
  const rows = containers.map((one) => [
    one.name,
    one.state,
    one.health,
    one.uptimeSeconds === null ? "–" : duration(one.uptimeSeconds),
    one.memory === null ? "–" : bytes(one.memory),
  ]);
  const own = replicas.map((one) => [
    `replica ${one.ordinal}`,
    MARK[one.status](one.status),
    one.dependencies
      .map(
        ({ name, status, latencyMs }) =>
          `${name} ${status}${latencyMs === null ? "" : ` ${latencyMs.toFixed(1)} ms`}`,
      )
      .join(", "),
    one.openStreams ?? "–",
  ]);
  return [
    table(["container", "state", "health", "up for", "memory"], rows),
    "",
    table(["replica", "says", "dependencies", "open streams"], own),
    "",
    `Engine ${engine.what}; strategy ${strategy ?? "unknown"}; images ${origins(images)} (npm run lab:images)`,
    ...urls.map(({ url, shows }) => `${url.padEnd(34)} ${shows}`),
    "",
    ...notes,
    healthy
      ? `${colour.green("✔")} All is well.`
      : problems.map((text) => `${colour.red("✖")} ${text}`).join("\n"),
  ].join("\n");
}

/** `9 built here, 2 official` */
function origins(images: LabStatus["images"]): string {
  const words = { own: "built here", official: "official", user: "named by you" } as const;
  const counts = Object.entries(words).map(([origin, word]) => {
    const count = images.filter((image) => image.origin === origin).length;
    return count > 0 ? `${count} ${word}` : "";
  });
  return counts.filter(Boolean).join(", ");
}
