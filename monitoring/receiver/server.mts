import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Alert, alertsIn, sentence } from "./alert.mts";

/** Bytes of one message; Alertmanager's are a few kilobytes. */
const MAX_BODY = 256 * 1024;
/** Alerts kept in memory. */
const KEPT = 100;

/**
 * Where Alertmanager sends alerts. `POST /` takes a message, `GET /` shows the latest alerts as JSON. Nothing that is
 * sent to it stops it.
 * @param say Called with one sentence per alert.
 */
export function receiver(say: (line: string) => void): Server {
  const latest: Alert[] = [];
  const take = async (req: IncomingMessage, res: ServerResponse) => {
    const body = await bodyOf(req);
    if (body === undefined) return answer(res, 413, `A message may have ${MAX_BODY} bytes.`);
    const alerts = alertsIn(parsed(body));
    if (!alerts) return answer(res, 400, "This is no message of Alertmanager's: it has no list of alerts.");
    for (const alert of alerts) say(sentence(alert));
    latest.unshift(...alerts.reverse());
    latest.length = Math.min(latest.length, KEPT);
    answer(res, 204);
  };
  const server = createServer((req, res) => {
    // Not `new URL`, which throws at what some senders take for a path.
    const path = req.url?.split("?", 1)[0];
    const read = req.method === "GET" || req.method === "HEAD";
    if (path === "/health" && read) return answer(res, 204);
    if (path !== "/") return answer(res, 404, "Alerts are at /.");
    if (req.method === "POST") {
      // A sender that breaks off in the middle is its own business.
      take(req, res).catch(() => res.destroy());
      return;
    }
    if (!read) return answer(res, 405, "GET shows the latest alerts, POST is for Alertmanager.");
    res.setHeader("Content-Type", "application/json");
    res.end(JSON.stringify({ alerts: latest }));
  });
  // A body that does not come is not waited for.
  server.requestTimeout = 10_000;
  server.maxConnections = 50;
  return server;
}

/** @returns undefined when it is too long. The rest is read and let go, so that the sender can be told. */
async function bodyOf(req: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes > MAX_BODY ? undefined : Buffer.concat(chunks).toString("utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function answer(res: ServerResponse, status: number, text?: string): void {
  res.statusCode = status;
  if (text) res.setHeader("Content-Type", "text/plain; charset=utf-8");
  res.end(text && `${text}\n`);
}
