import { headers, IdempotencyKey, PurchaseRequest } from "@evenkeel/contracts";
import { methodNotAllowed } from "@evenkeel/kit/http/errors";
import { HttpError } from "@evenkeel/kit/http/problem";
import type { Express, Request, Response } from "express";
import { ShopError } from "../../domain/errors.ts";
import { type PurchaseDeps, purchase } from "../../domain/purchase.ts";
import type { Metrics } from "../../metrics.ts";
import { jsonBody, parseBody } from "../json-body.ts";

/** `POST /purchase`, 201 once the order is committed. */
export function purchaseRoutes(app: Express, deps: PurchaseDeps & { readonly metrics: Metrics }): void {
  const { purchases } = deps.metrics;
  app
    .route("/purchase")
    .post(jsonBody, async (req: Request, res: Response) => {
      const request = parseBody(PurchaseRequest, req.body);
      const key = parseKey(req.headers[headers.idempotencyKey]);
      try {
        const { receipt, replayed } = await purchase(deps, request, key);
        purchases.inc({ outcome: replayed ? "replayed" : "sold" });
        if (replayed) res.setHeader("Idempotency-Replayed", "true");
        res.setHeader("Cache-Control", "no-store");
        res.status(201).json(receipt);
      } catch (error) {
        purchases.inc({ outcome: error instanceof ShopError ? error.code : "failed" });
        throw error;
      }
    })
    .all(methodNotAllowed("POST"));
}

function parseKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const key = IdempotencyKey.safeParse(header);
  if (key.success) return key.data;
  throw new HttpError(
    400,
    "idempotency.malformed",
    "Idempotency-Key must be 1 to 128 visible ASCII characters, sent once.",
  );
}
