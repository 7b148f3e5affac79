import type { AccessLog } from "@evenkeel/kit/http/access-log";
import { notFound } from "@evenkeel/kit/http/errors";
import { identity } from "@evenkeel/kit/http/identity";
import { metricsRoutes } from "@evenkeel/kit/http/metrics-route";
import { requestGuard } from "@evenkeel/kit/http/request-guard";
import type { Logger } from "@evenkeel/kit/logger";
import express, { type Express } from "express";
import type { Assets } from "./assets.ts";
import { catalogue } from "./domain/catalogue.ts";
import type { Books, CartStore, EventBus, Ledger, Outbox } from "./domain/ports.ts";
import type { StockFeed } from "./domain/stock-feed.ts";
import { errorHandler } from "./http/error-handler.ts";
import type { EventStreams } from "./http/event-stream.ts";
import { cartRoutes } from "./http/routes/cart.ts";
import { eventRoutes } from "./http/routes/events.ts";
import { orderRoutes } from "./http/routes/orders.ts";
import { pageRoutes } from "./http/routes/page.ts";
import { productRoutes } from "./http/routes/products.ts";
import { purchaseRoutes } from "./http/routes/purchase.ts";
import { statusRoutes } from "./http/routes/status.ts";
import { stockRoutes } from "./http/routes/stock.ts";
import type { Metrics } from "./metrics.ts";

export interface AppDeps {
  readonly instanceId: string;
  readonly backend: string;
  readonly version: string;
  readonly lifecycle: { readonly draining: boolean };
  readonly ledger: Ledger;
  readonly outbox: Outbox | undefined;
  readonly books: Books;
  readonly bus: EventBus;
  readonly feed: StockFeed;
  readonly streams: EventStreams;
  readonly carts: CartStore;
  readonly assets: Assets;
  readonly accessLog: AccessLog;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** The shop over HTTP. Reads no environment and listens nowhere. */
export function createApp(deps: AppDeps): Express {
  const app = express();
  app.disable("x-powered-by");
  // Only what is prepared at the start has an ETag; hashing every answer would cost more than it saves.
  app.disable("etag");
  app.enable("case sensitive routing");
  // One address per resource: a balancer's rule for the exact address must not be passed by with a slash.
  app.enable("strict routing");
  app.set("query parser", "simple");
  app.use(identity(deps), deps.accessLog.middleware(), requestGuard);

  // Routes are tried in this order: the most wanted first.
  productRoutes(app, catalogue);
  stockRoutes(app, deps.ledger);
  purchaseRoutes(app, { ...deps, announce: (event) => announce(deps, event) });
  orderRoutes(app, deps);
  statusRoutes(app, deps);
  pageRoutes(app, deps.assets);
  eventRoutes(app, deps.streams, deps.accessLog);
  cartRoutes(app, deps.carts, deps.instanceId);
  metricsRoutes(app, deps.metrics.registry);

  app.use(notFound);
  app.use(errorHandler(deps.log));
  return app;
}

/** Own streams hear of a sale at once, also without Redis; the other replicas over the bus. */
function announce({ feed, bus }: AppDeps, event: Parameters<EventBus["publish"]>[0]): void {
  feed.offer(event);
  bus.publish(event);
}
