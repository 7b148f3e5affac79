import { methodNotAllowed } from "@evenkeel/kit/http/errors";
import type { Express } from "express";
import { type OrderStateDeps, orderState } from "../../domain/order-state.ts";

/** `GET /orders/:orderId`: placed here, published to Kafka, booked by the orders app. */
export function orderRoutes(app: Express, deps: OrderStateDeps): void {
  app
    .route("/orders/:orderId")
    .get(async (req, res) => {
      const state = await orderState(deps, req.params.orderId);
      res.setHeader("Cache-Control", "no-store");
      res.json(state);
    })
    .all(methodNotAllowed("GET, HEAD"));
}
