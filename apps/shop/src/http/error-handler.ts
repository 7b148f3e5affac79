import { handleErrors } from "@evenkeel/kit/http/errors";
import type { Logger } from "@evenkeel/kit/logger";
import type { ErrorRequestHandler } from "express";
import { ShopError, type ShopErrorCode } from "../domain/errors.ts";

const STATUS: Record<ShopErrorCode, number> = {
  "product.unknown": 404,
  "order.unknown": 404,
  "stock.insufficient": 409,
  "idempotency.mismatch": 409,
  "store.busy": 503,
  "store.unavailable": 503,
  "cart.unavailable": 503,
};

/** Gives the shop's own refusals their status; all other errors are the same in every app. */
export function errorHandler(log: Logger): ErrorRequestHandler {
  return handleErrors(log, (error) =>
    error instanceof ShopError
      ? { status: STATUS[error.code], code: error.code, detail: error.message }
      : undefined,
  );
}
