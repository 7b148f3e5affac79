/** Every way the shop refuses; each becomes one HTTP status in the error handler. */
export type ShopErrorCode =
  | "product.unknown"
  | "order.unknown"
  | "stock.insufficient"
  | "idempotency.mismatch"
  | "store.busy"
  | "store.unavailable"
  | "cart.unavailable";

/** An expected refusal. The message is a full sentence and is shown to clients. */
export class ShopError extends Error {
  override readonly name = "ShopError";
  readonly code: ShopErrorCode;

  constructor(code: ShopErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const productUnknown = (id: string) =>
  new ShopError("product.unknown", `There is no product "${id}". GET /products lists what there is.`);

export const orderUnknown = (id: string) =>
  new ShopError("order.unknown", `There is no order "${id}". A reset of the lab forgets all orders.`);
