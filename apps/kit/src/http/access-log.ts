import type { ServerResponse } from "node:http";
import type { Request, RequestHandler, Response } from "express";
import type { Logger } from "../logger.ts";
import type { RequestMetrics } from "../request-metrics.ts";

declare global {
  namespace Express {
    interface Locals {
      /** Time of the request's headers, on the clock of `performance.now()`. */
      startedAt: number;
      observed?: boolean;
    }
  }
}

/** Asked every second or so by machines; they would bury what people look for. */
const QUIET = new Set(["/health", "/status", "/metrics"]);
/** nginx's number for a client that went away before the answer; on no wire, only in logs and metrics. */
const CLIENT_GONE = 499;
const MAX_PATH = 256;

/** One log line and one observation per request. */
export class AccessLog {
  readonly #log: Logger;
  readonly #metrics: RequestMetrics;

  constructor(log: Logger, metrics: RequestMetrics) {
    this.#log = log;
    this.#metrics = metrics;
  }

  /** Observes each request when its answer ended, or when its client went away. */
  middleware(): RequestHandler {
    // An answer that did not reach its end reached nobody, whatever its status would have been.
    const observe = (res: Response) => this.observe(res, res.writableFinished ? res.statusCode : CLIENT_GONE);
    // One function for all requests; Node calls it with the response as `this`.
    function onClose(this: ServerResponse) {
      observe(this as Response);
    }
    return (_req, res, next) => {
      res.locals.startedAt = performance.now();
      res.on("close", onClose);
      next();
    };
  }

  /** Event streams call this when they begin: their length says nothing about how fast the shop is. */
  observe(res: Response, status = res.statusCode): void {
    const { locals } = res;
    if (locals.observed) return;
    locals.observed = true;
    const req = res.req as Request;
    const route: string = req.route?.path ?? "unmatched";
    const ms = performance.now() - locals.startedAt;
    this.#metrics.request(req.method, route, status, ms / 1000);
    const { requestId } = locals;
    this.#log.access({ requestId, method: req.method, path: pathOf(req), status, ms }, QUIET.has(route));
  }

  /** What did not become a request: Node could not parse it or gave up waiting for it. */
  malformed(requestId: string, status: number): void {
    this.#metrics.request("-", "malformed", status, 0);
    this.#log.access({ requestId, method: "-", path: "-", status, ms: 0 }, false);
  }
}

/** Without the query. Node's parser lets only visible ASCII into a path, so no line can be forged. */
function pathOf(req: Request): string {
  const url = req.originalUrl;
  const end = url.indexOf("?");
  return url.slice(0, Math.min(end === -1 ? url.length : end, MAX_PATH));
}
