import { z } from "zod";
import { MAX_QUANTITY } from "./purchase.ts";

/** One line of a cart. */
export const CartItem = z.strictObject({
  productId: z.string().min(1).max(64),
  quantity: z.int().min(1).max(MAX_QUANTITY),
});
export type CartItem = z.infer<typeof CartItem>;

/** `PUT /cart` body: adds or replaces one line. */
export const CartRequest = CartItem;

/** `GET`, `PUT` and `DELETE /cart` answer. */
export const CartResponse = z.strictObject({
  /** Where this cart is kept: `memory` is known to one replica only, `redis` to all. */
  store: z.enum(["memory", "redis"]),
  /** Replica that answered; with `memory` the cart exists only there. */
  instanceId: z.string(),
  items: z.array(CartItem),
});
export type CartResponse = z.infer<typeof CartResponse>;

/** Name of the cookie that names a browser's cart. */
export const CART_COOKIE = "evenkeel_cart";
