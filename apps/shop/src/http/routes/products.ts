import { createHash } from "node:crypto";
import type { Product } from "@evenkeel/contracts";
import { methodNotAllowed } from "@evenkeel/kit/http/errors";
import type { Express } from "express";
import { sendPrepared } from "../etag.ts";

/** `GET /products`. The catalogue does not change while a replica runs: it is serialised once. */
export function productRoutes(app: Express, catalogue: readonly Product[]): void {
  const products = catalogue.map(({ id, name, blurb, priceCents, art }) => ({
    id,
    name,
    blurb,
    priceCents,
    art,
  }));
  const body = Buffer.from(JSON.stringify({ products }));
  const digest = createHash("sha256").update(body).digest("base64url").slice(0, 22);
  const prepared = { body, type: "application/json; charset=utf-8", etag: `"${digest}"` };
  app
    .route("/products")
    .get((req, res) => sendPrepared(req, res, prepared, "no-cache"))
    .all(methodNotAllowed("GET, HEAD"));
}
