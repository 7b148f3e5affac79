import { randomUUID } from "node:crypto";
import type { PurchaseRequest, PurchaseResponse, StockEvent } from "@evenkeel/contracts";
import { findProduct } from "./catalogue.ts";
import { productUnknown, ShopError } from "./errors.ts";
import type { Ledger } from "./ports.ts";

export interface PurchaseDeps {
  readonly ledger: Ledger;
  readonly instanceId: string;
  /** Told of a sale after its commit; must not throw and must not block. */
  readonly announce: (event: StockEvent) => void;
}

export interface Receipt {
  readonly receipt: PurchaseResponse;
  /** This key had already bought; nothing was sold now. */
  readonly replayed: boolean;
}

/**
 * Sells `quantity` units. Throws `product.unknown`, `stock.insufficient`, `idempotency.mismatch` and what
 * the ledger throws; in all these cases nothing was sold.
 */
export async function purchase(
  deps: PurchaseDeps,
  request: PurchaseRequest,
  idempotencyKey?: string,
): Promise<Receipt> {
  const { productId, quantity } = request;
  const product = findProduct(productId);
  if (product === undefined) throw productUnknown(productId);
  const booking = await deps.ledger.book({
    orderId: randomUUID(),
    productId,
    quantity,
    totalCents: product.priceCents * quantity,
    idempotencyKey,
    instanceId: deps.instanceId,
    at: Date.now(),
  });
  if (booking.outcome === "insufficient") throw insufficient(request, booking.stock);
  if (booking.outcome === "mismatch") throw mismatch();
  if (booking.outcome === "sold") deps.announce(booking.event);
  return { receipt: booking.receipt, replayed: booking.outcome === "replayed" };
}

const insufficient = ({ productId, quantity }: PurchaseRequest, stock: number) =>
  new ShopError(
    "stock.insufficient",
    `${quantity} of "${productId}" were asked for and ${stock} are left. Ask for fewer, or reset the lab.`,
  );

const mismatch = () =>
  new ShopError(
    "idempotency.mismatch",
    "This Idempotency-Key was used for another order. Use a new key for a new order.",
  );
