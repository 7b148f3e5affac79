import { z } from "zod";

/** A product as it is sold; stock is a separate resource because it changes. */
export const Product = z.strictObject({
  id: z.string(),
  name: z.string(),
  blurb: z.string(),
  /** Price in euro cents. */
  priceCents: z.int().positive(),
  /** Name of the picture, a symbol in the page's own artwork. */
  art: z.string(),
});
export type Product = z.infer<typeof Product>;

/** `GET /products` */
export const ProductList = z.strictObject({ products: z.array(Product) });
export type ProductList = z.infer<typeof ProductList>;

/** Units left of one product; never negative. */
export const StockLevel = z.strictObject({ productId: z.string(), stock: z.int().nonnegative() });
export type StockLevel = z.infer<typeof StockLevel>;

/** `GET /stock`; `lastEventId` is the newest event that these figures include. */
export const StockList = z.strictObject({
  lastEventId: z.int().nonnegative(),
  stock: z.array(StockLevel),
});
export type StockList = z.infer<typeof StockList>;
