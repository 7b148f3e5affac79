import { headers } from "@evenkeel/contracts";
import type { AccessLog } from "@evenkeel/kit/http/access-log";
import { methodNotAllowed } from "@evenkeel/kit/http/errors";
import { sendProblem } from "@evenkeel/kit/http/problem";
import type { Express, Request } from "express";
import type { EventStreams } from "../event-stream.ts";

const RETRY_AFTER = "5";

/** `GET /events`: Server-Sent Events, continued behind `Last-Event-ID` on whichever replica. */
export function eventRoutes(app: Express, streams: EventStreams, accessLog: AccessLog): void {
  app
    .route("/events")
    .get((req, res) => {
      if (streams.full) {
        res.setHeader("Retry-After", RETRY_AFTER);
        const detail = "This replica has as many streams open as it takes. Another one may have room.";
        sendProblem(res, { status: 503, code: "streams.full", detail });
        return;
      }
      res.writeHead(200, {
        "Content-Type": "text/event-stream; charset=utf-8",
        "Cache-Control": "no-store",
        // nginx would collect events until its buffer is full.
        "X-Accel-Buffering": "no",
      });
      if (req.method === "HEAD") return void res.end();
      accessLog.observe(res);
      streams.open(res, lastEventId(req));
    })
    .all(methodNotAllowed("GET, HEAD"));
}

/** Browsers can send the header only when they reconnect, hence the query. Nonsense is a new client. */
function lastEventId(req: Request): number | undefined {
  const given = req.headers[headers.lastEventId] ?? req.query.lastEventId;
  return typeof given === "string" && /^\d{1,15}$/.test(given) ? Number(given) : undefined;
}
