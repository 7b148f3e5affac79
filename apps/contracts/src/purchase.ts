import { z } from "zod";

/** Most units one order may take; keeps a typing error from emptying the shop. */
export const MAX_QUANTITY = 10;

/** `POST /purchase` body. Unknown fields are refused. */
export const PurchaseRequest = z.strictObject({
  productId: z.string().min(1).max(64),
  quantity: z.int().min(1).max(MAX_QUANTITY),
});
export type PurchaseRequest = z.infer<typeof PurchaseRequest>;

/** `Idempotency-Key` header: 1 to 128 visible ASCII characters. */
export const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,128}$/);

/** `POST /purchase` answer, 201: the order was committed before this was sent. */
export const PurchaseResponse = z.strictObject({
  orderId: z.string(),
  productId: z.string(),
  quantity: z.int().positive(),
  totalCents: z.int().positive(),
  /** Units left right after this order was booked. */
  stock: z.int().nonnegative(),
  /** Id of the stock event this purchase caused. */
  eventId: z.int().positive(),
});
export type PurchaseResponse = z.infer<typeof PurchaseResponse>;
