import { LabError } from "../lib/errors.ts";
import { exec, type LabContainer } from "./docker.ts";
import { seriesIn } from "./exposition.ts";

// Asked from inside, because replicas are not reachable from outside. In bash, which every image of the lab has
// and which starts a hundred times faster than Node. HTTP/1.0, so the answer is not chunked.
const GET = (path: string) => [
  "bash",
  "-c",
  `exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET ${path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && cat <&3`,
];

/** Answer of a replica to `GET path`, asked inside its own container. */
export async function askReplica(
  replica: LabContainer,
  path: string,
): Promise<{ status: number; body: string }> {
  const answer = await exec(replica.id, GET(path), { timeoutMs: 5000 });
  const [head = "", body = ""] = splitOnce(answer.stdout, "\r\n\r\n");
  const status = Number(head.split(" ")[1]);
  if (answer.exitCode !== 0 || !status)
    throw new LabError(
      `${replica.name} did not answer GET ${path} within 5 s: ${answer.stderr.trim() || "no answer"}.`,
      { code: "replica.silent", exitCode: 2 },
    );
  return { status, body };
}

/** Requests this replica has answered since it started, by route, from its own `/metrics`. */
export async function requestCounts(replica: LabContainer, routes: string[]): Promise<Map<string, number>> {
  const { body } = await askReplica(replica, "/metrics");
  return new Map(
    routes.map((route) => [route, sumMetric(body, "http_request_duration_seconds_count", { route })]),
  );
}

/** Sum of a metric over all series that carry these labels; 0 when there is none yet. */
export function sumMetric(exposition: string, name: string, labels: Record<string, string>): number {
  const wanted = Object.entries(labels);
  return seriesIn(exposition, new Set([name]))
    .filter((series) => wanted.every(([key, value]) => series.labels[key] === value))
    .reduce((total, { value }) => total + value, 0);
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
