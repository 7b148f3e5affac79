import type { Product, StockEvent, StockList } from "@evenkeel/contracts";
import { type Card, type CardActions, newCard } from "./card.ts";
import { part } from "./page-parts.ts";

interface Shelf {
  card: Card;
  units: number;
  /** Newest event these units include: answers overtake each other, an older one must not win. */
  eventId: number;
}

const grid = part("grid", HTMLUListElement);
const empty = part("grid-empty", HTMLParagraphElement);
const shelves = new Map<string, Shelf>();
/** Stock that came before the catalogue did. */
let early: StockList | undefined;

/** Fills the grid, once the catalogue is known. */
export function fillShelves(products: readonly Product[], actions: CardActions): void {
  shelves.clear();
  for (const product of products) {
    shelves.set(product.id, { card: newCard(product, actions), units: 0, eventId: -1 });
  }
  grid.replaceChildren(...[...shelves.values()].map((shelf) => shelf.card.element));
  empty.hidden = products.length > 0;
  if (early) showList(early);
}

/** Says why there are no shelves. */
export function showNoShelves(sentence: string): void {
  empty.textContent = sentence;
  empty.hidden = false;
}

/** Takes over a list of stock where it is at least as new as what is shown. */
export function showList(list: StockList): void {
  if (shelves.size === 0) {
    early = list;
    return;
  }
  for (const { productId, stock } of list.stock) setUnits(productId, stock, list.lastEventId);
  draw();
}

/** A snapshot of the stream is the truth even when its id is lower: the lab was set up anew. */
export function showSnapshot(list: StockList): void {
  for (const shelf of shelves.values()) shelf.eventId = -1;
  showList(list);
}

/** Takes over one change and marks the card with the replica that made it. */
export function showChange(event: Pick<StockEvent, "id" | "productId" | "stock" | "instanceId">): void {
  const shelf = shelves.get(event.productId);
  if (!shelf || event.id <= shelf.eventId) return;
  setUnits(event.productId, event.stock, event.id);
  draw();
  shelf.card.showSale(event.instanceId);
}

/** Name and price of a product on the shelves. */
export function isOnShelf(productId: string): boolean {
  return shelves.has(productId);
}

function setUnits(productId: string, units: number, eventId: number): void {
  const shelf = shelves.get(productId);
  if (!shelf || eventId < shelf.eventId) return;
  shelf.units = units;
  shelf.eventId = eventId;
}

/** Tides are drawn on a logarithmic scale: 50 of 5000 units is little water, yet one can see it sink. */
function draw(): void {
  const most = Math.max(...[...shelves.values()].map((shelf) => shelf.units));
  for (const { card, units } of shelves.values()) {
    card.showStock(units, most > 0 ? Math.log1p(units) / Math.log1p(most) : 0);
  }
}
