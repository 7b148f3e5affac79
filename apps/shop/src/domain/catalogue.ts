import type { Product } from "@evenkeel/contracts";

/** A product and how many units exist when the shop opens or is reset. */
export type CatalogueEntry = Product & { readonly initialStock: number };

const entry = (id: string, name: string, priceCents: number, blurb: string, initialStock = 500) => ({
  id,
  name,
  blurb,
  priceCents,
  art: id,
  initialStock,
});

/**
 * Everything the chandlery sells, in the order of the page. `art` equals the id: the page draws its
 * symbols by that name. `last-lantern` is scarce on purpose: it is what 200 buyers fight for.
 */
export const catalogue: readonly CatalogueEntry[] = [
  entry("storm-lantern", "Storm lantern", 3900, "Burns on in a gale. Trim it and forget it."),
  entry("brass-sextant", "Brass sextant", 18900, "Finds your latitude when the network cannot."),
  entry("signal-flags", "Signal flags", 5400, "Forty flags. Says more than a status page."),
  entry("ships-bell", "Ship's bell", 7900, "Eight strokes, end of the watch. Loud and exact."),
  entry("ballast-stone", "Ballast stone", 1200, "Dull, heavy, and the reason you stay upright."),
  entry("hemp-rope", "Hemp rope", 2400, "Thirty metres, three strands, no single point of failure."),
  entry("spare-sail", "Spare sail", 24900, "Redundancy, in canvas. Hoist it when the first one tears."),
  entry("iron-anchor", "Iron anchor", 32900, "Holds the session where it is."),
  entry("sea-chart", "Sea chart", 1900, "Every rock we ran into, so that you need not."),
  entry("cork-vest", "Cork vest", 4900, "Keeps you afloat until the next replica picks you up."),
  entry("spyglass", "Spyglass", 8900, "See the trouble before it sees you."),
  entry("last-lantern", "The last lantern", 9900, "Fifty were made. There will be no more.", 50),
];

const byId = new Map(catalogue.map((item) => [item.id, item]));

/** The product with this id, or undefined. */
export function findProduct(id: string): CatalogueEntry | undefined {
  return byId.get(id);
}
