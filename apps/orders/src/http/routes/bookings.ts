import type { Booking } from "@evenkeel/contracts";
import { methodNotAllowed } from "@evenkeel/kit/http/errors";
import { HttpError } from "@evenkeel/kit/http/problem";
import type { Express } from "express";
import type { Books } from "../../domain/ports.ts";

/** `GET /bookings/:orderId`: one line of the books. */
export function bookingRoutes(app: Express, books: Pick<Books, "find">): void {
  app
    .route("/bookings/:orderId")
    .get(async (req, res) => {
      const booking = await books.find(req.params.orderId);
      if (booking === undefined) {
        throw new HttpError(404, "booking.unknown", "This order is not in the books, or not yet.");
      }
      res.setHeader("Cache-Control", "no-store");
      res.json(booking satisfies Booking);
    })
    .all(methodNotAllowed("GET, HEAD"));
}
