import { methodNotAllowed } from "@evenkeel/kit/http/errors";
import type { Express } from "express";
import type { Ledger } from "../../domain/ports.ts";

/** `GET /stock`: figures and the newest event they include, from one snapshot of the database. */
export function stockRoutes(app: Express, ledger: Ledger): void {
  app
    .route("/stock")
    .get(async (_req, res) => {
      res.setHeader("Cache-Control", "no-store");
      res.json(await ledger.stock());
    })
    .all(methodNotAllowed("GET, HEAD"));
}
