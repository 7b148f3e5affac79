import { randomUUID } from "node:crypto";
import { CART_COOKIE, type CartItem, CartRequest, type CartResponse } from "@evenkeel/contracts";
import { methodNotAllowed } from "@evenkeel/kit/http/errors";
import type { Express, Request, Response } from "express";
import { findProduct } from "../../domain/catalogue.ts";
import { productUnknown } from "../../domain/errors.ts";
import type { CartStore } from "../../domain/ports.ts";
import { jsonBody, parseBody } from "../json-body.ts";

const COOKIE = new RegExp(`(?:^|;\\s*)${CART_COOKIE}=([\\w-]{16,64})(?:;|$)`);
const MAX_AGE_MS = 24 * 60 * 60 * 1000;

/** `GET`, `PUT` and `DELETE /cart`. A browser gets its cookie with the first thing it puts in. */
export function cartRoutes(app: Express, carts: CartStore, instanceId: string): void {
  const answer = (res: Response, items: CartItem[]) => {
    res.setHeader("Cache-Control", "no-store");
    res.json({ store: carts.kind, instanceId, items } satisfies CartResponse);
  };
  app
    .route("/cart")
    .get(async (req, res) => {
      const cartId = cartIdOf(req);
      answer(res, cartId === undefined ? [] : await carts.get(cartId));
    })
    .put(jsonBody, async (req: Request, res: Response) => {
      const item = parseBody(CartRequest, req.body);
      // Only known products: a cart never has more lines than the catalogue.
      if (findProduct(item.productId) === undefined) throw productUnknown(item.productId);
      const cartId = cartIdOf(req) ?? randomUUID();
      const items = await carts.put(cartId, item);
      res.cookie(CART_COOKIE, cartId, { httpOnly: true, sameSite: "lax", path: "/", maxAge: MAX_AGE_MS });
      answer(res, items);
    })
    .delete(async (req, res) => {
      const cartId = cartIdOf(req);
      if (cartId !== undefined) await carts.clear(cartId);
      answer(res, []);
    })
    .all(methodNotAllowed("GET, HEAD, PUT, DELETE"));
}

const cartIdOf = (req: Request): string | undefined => COOKIE.exec(req.headers.cookie ?? "")?.[1];
