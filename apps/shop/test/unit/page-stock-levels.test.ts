import { expect, test } from "vitest";
import { noteChange, noteList, replaceLevels, type StockLevels, tides } from "../../public/stock-levels.ts";

const list = (lastEventId: number, ...stock: (readonly [productId: string, stock: number])[]) => ({
  lastEventId,
  stock: stock.map(([productId, units]) => ({ productId, stock: units })),
});
const shown = (levels: StockLevels) => tides(levels).map(({ productId, units }) => [productId, units]);

test("a change before the first list says nothing about other products, above all not that they are sold out", () => {
  const levels: StockLevels = new Map();
  expect(noteChange(levels, { id: 5, productId: "rope", stock: 9 })).toBe(true);
  expect(shown(levels)).toEqual([["rope", 9]]);
});

test("a list that is older than a change fills in the rest and leaves the change", () => {
  const levels: StockLevels = new Map();
  noteChange(levels, { id: 5, productId: "rope", stock: 9 });
  noteList(levels, list(4, ["rope", 10], ["bell", 7]));
  expect(shown(levels)).toEqual([
    ["rope", 9],
    ["bell", 7],
  ]);
  noteList(levels, list(6, ["rope", 8], ["bell", 7]));
  expect(shown(levels)[0]).toEqual(["rope", 8]);
});

test("a change that a list included already is not marked as a sale again", () => {
  const levels: StockLevels = new Map();
  noteList(levels, list(5, ["rope", 9]));
  expect(noteChange(levels, { id: 5, productId: "rope", stock: 9 })).toBe(false);
  expect(noteChange(levels, { id: 6, productId: "rope", stock: 8 })).toBe(true);
  expect(noteChange(levels, { id: 5, productId: "rope", stock: 9 })).toBe(false);
  expect(shown(levels)).toEqual([["rope", 8]]);
});

test("a snapshot wins also with a lower id", () => {
  const levels: StockLevels = new Map();
  noteList(levels, list(500, ["rope", 1]));
  replaceLevels(levels, list(2, ["rope", 10]));
  expect(noteChange(levels, { id: 3, productId: "rope", stock: 9 })).toBe(true);
  expect(shown(levels)).toEqual([["rope", 9]]);
});

test("the fullest product's water stands at 1, an empty one's at 0, also when all are empty", () => {
  const levels: StockLevels = new Map();
  expect(tides(levels)).toEqual([]);
  noteList(levels, list(1, ["rope", 0]));
  expect(tides(levels).map(({ tide }) => tide)).toEqual([0]);
  noteList(levels, list(2, ["rope", 0], ["bell", 500], ["lantern", 50]));
  const [rope, bell, lantern] = tides(levels).map(({ tide }) => tide);
  expect([rope, bell]).toEqual([0, 1]);
  expect(lantern).toBeGreaterThan(0.5);
});
