import type { StockEvent, StockList } from "@evenkeel/contracts";

interface Level {
  readonly units: number;
  /** Newest event these units include: answers overtake each other, an older one must not win. */
  readonly eventId: number;
}

/** What is known of the stock, by product; a product that is not in it was not heard of yet. */
export type StockLevels = Map<string, Level>;

/** Takes over a list where it is at least as new as what is known. */
export function noteList(levels: StockLevels, list: StockList): void {
  for (const { productId, stock } of list.stock) {
    const known = levels.get(productId);
    if (known && list.lastEventId < known.eventId) continue;
    levels.set(productId, { units: stock, eventId: list.lastEventId });
  }
}

/** A snapshot of the stream is the truth even when its id is lower: the lab was set up anew. */
export function replaceLevels(levels: StockLevels, list: StockList): void {
  levels.clear();
  noteList(levels, list);
}

/** Takes over one change. `false`: what is known includes it already. */
export function noteChange(
  levels: StockLevels,
  event: Pick<StockEvent, "id" | "productId" | "stock">,
): boolean {
  const known = levels.get(event.productId);
  if (known && event.id <= known.eventId) return false;
  levels.set(event.productId, { units: event.stock, eventId: event.id });
  return true;
}

/**
 * Units of each product that is known, and how high its water stands, from 0 to 1. The scale is logarithmic:
 * 50 of 5000 units is little water, yet one can see it sink.
 */
export function tides(levels: StockLevels): { productId: string; units: number; tide: number }[] {
  const most = Math.max(0, ...[...levels.values()].map(({ units }) => units));
  return Array.from(levels, ([productId, { units }]) => ({
    productId,
    units,
    tide: most > 0 ? Math.log1p(units) / Math.log1p(most) : 0,
  }));
}
