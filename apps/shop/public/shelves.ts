import type { Product, StockEvent, StockList } from "@evenkeel/contracts";
import { type Card, type CardActions, newCard } from "./card.ts";
import { part } from "./page-parts.ts";
import { noteChange, noteList, replaceLevels, type StockLevels, tides } from "./stock-levels.ts";

const grid = part("grid", HTMLUListElement);
const empty = part("grid-empty", HTMLParagraphElement);
const cards = new Map<string, Card>();
/** Kept apart from the cards: stock may be heard of before the catalogue is known. */
const levels: StockLevels = new Map();

/** Fills the grid, once the catalogue is known. */
export function fillShelves(products: readonly Product[], actions: CardActions): void {
  cards.clear();
  for (const product of products) cards.set(product.id, newCard(product, actions));
  grid.replaceChildren(...[...cards.values()].map(({ element }) => element));
  empty.hidden = products.length > 0;
  draw();
}

/** Says why there are no shelves. */
export function showNoShelves(sentence: string): void {
  empty.textContent = sentence;
  empty.hidden = false;
}

/** Takes over a list of stock where it is at least as new as what is shown. */
export function showList(list: StockList): void {
  noteList(levels, list);
  draw();
}

/** Takes over a snapshot of the stream, whatever is shown. */
export function showSnapshot(list: StockList): void {
  replaceLevels(levels, list);
  draw();
}

/** Takes over one change and marks the card with the replica that made it. */
export function showChange(event: Pick<StockEvent, "id" | "productId" | "stock" | "instanceId">): void {
  if (!noteChange(levels, event)) return;
  draw();
  cards.get(event.productId)?.showSale(event.instanceId);
}

/** A card whose stock is not known yet keeps its dots; it must not look sold out. */
function draw(): void {
  for (const { productId, units, tide } of tides(levels)) cards.get(productId)?.showStock(units, tide);
}
