import { z } from "zod";
import { waitUntil } from "../lib/wait-until.ts";
import type { LabContainer } from "./docker.ts";
import { logText } from "./docker.ts";

/** One line of nginx's access log, see nginx/snippets/log-format.conf. */
export const AccessLogLine = z.object({
  time: z.string(),
  request_id: z.string(),
  client: z.string(),
  method: z.string(),
  path: z.string(),
  status: z.number(),
  bytes: z.number(),
  request_time: z.number(),
  upstream: z.string(),
  upstream_status: z.string(),
  upstream_time: z.string(),
  served_by: z.string(),
  instance: z.string(),
  strategy: z.string(),
});
export type AccessLogLine = z.infer<typeof AccessLogLine>;

/** Reads one line; null for anything that is not an access log line (start-up messages, warnings). */
export function parseAccessLogLine(line: string): AccessLogLine | null {
  const start = line.indexOf("{");
  if (start < 0) return null;
  try {
    const parsed = AccessLogLine.safeParse(JSON.parse(line.slice(start)));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Address of the replica whose answer was used: the last of the tries, or null when none was made. */
export function answeringAddress(line: AccessLogLine): string | null {
  const last = line.upstream.split(/, | : /).at(-1) ?? "";
  const address = last.slice(0, last.lastIndexOf(":"));
  return address || null;
}

/**
 * The access log since a moment, once it holds `count` lines of the run (nginx writes every half second).
 * @param since Unix time in seconds.
 * @throws LabError when the lines do not appear within ten seconds.
 */
export async function readAccessLog(
  nginx: LabContainer,
  since: number,
  isOfRun: (line: AccessLogLine) => boolean,
  count: number,
): Promise<AccessLogLine[]> {
  return waitUntil(
    `${count} lines of this run in nginx's access log`,
    async () => {
      const text = await logText(nginx.id, { since });
      const lines = text
        .split("\n")
        .map(parseAccessLogLine)
        .filter((line) => line !== null);
      return lines.filter(isOfRun).length >= count ? lines : undefined;
    },
    { deadlineMs: 10_000, intervalMs: 300 },
  );
}
