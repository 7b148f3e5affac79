import { methodNotAllowed, notFound } from "@evenkeel/kit/http/errors";
import type { Express } from "express";
import type { Assets } from "../../assets.ts";
import { sendPrepared } from "../etag.ts";

const VERSION = /^[0-9a-f]{12}$/;
const ONE_HOUR = "public, max-age=3600";

/**
 * `GET /shop` and the page's files: `/static/<file>` and `/static/<version>/<file>`. Relative imports stay
 * inside the folder of their version. During a rolling update a page of one version may ask a replica of
 * another: it gets the file this replica has, which no cache may then keep under the other's name.
 */
export function pageRoutes(app: Express, { version, page, files }: Assets): void {
  const get = methodNotAllowed("GET, HEAD");
  app
    .route("/")
    .get((_req, res) => res.redirect("/shop"))
    .all(get);
  app
    .route("/shop")
    .get((req, res, next) => {
      if (page === undefined) return notFound(req, res, next);
      sendPrepared(req, res, page, "no-cache");
    })
    .all(get);
  app
    .route("/static/*path")
    .get((req, res, next) => {
      const parts = req.params.path as unknown as string[];
      const asked = parts.length > 1 && VERSION.test(parts[0] ?? "") ? parts[0] : undefined;
      const file = files.get((asked === undefined ? parts : parts.slice(1)).join("/"));
      if (file === undefined) return notFound(req, res, next);
      sendPrepared(req, res, file, asked === undefined || asked === version ? ONE_HOUR : "no-store");
    })
    .all(get);
}
