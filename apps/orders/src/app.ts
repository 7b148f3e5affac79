import type { AccessLog } from "@evenkeel/kit/http/access-log";
import { notFound } from "@evenkeel/kit/http/errors";
import { identity } from "@evenkeel/kit/http/identity";
import { metricsRoutes } from "@evenkeel/kit/http/metrics-route";
import { requestGuard } from "@evenkeel/kit/http/request-guard";
import type { Logger } from "@evenkeel/kit/logger";
import express, { type Express } from "express";
import type { Announcer, Books, Membership } from "./domain/ports.ts";
import { errorHandler } from "./http/error-handler.ts";
import { bookingRoutes } from "./http/routes/bookings.ts";
import { statusRoutes } from "./http/routes/status.ts";
import type { Metrics } from "./metrics.ts";

export interface AppDeps {
  readonly instanceId: string;
  readonly backend: string;
  readonly version: string;
  readonly lifecycle: { readonly draining: boolean };
  readonly books: Books;
  readonly membership: Membership;
  readonly announcer: Announcer;
  readonly accessLog: AccessLog;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** The books over HTTP, to be read only. Reads no environment and listens nowhere. */
export function createApp(deps: AppDeps): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.enable("case sensitive routing");
  app.enable("strict routing");
  app.set("query parser", "simple");
  app.use(identity(deps), deps.accessLog.middleware(), requestGuard);

  bookingRoutes(app, deps.books);
  statusRoutes(app, deps);
  metricsRoutes(app, deps.metrics.registry);

  app.use(notFound);
  app.use(errorHandler(deps.log));
  return app;
}
