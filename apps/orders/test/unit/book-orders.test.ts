import { expect, test } from "vitest";
import { type BookDeps, bookOrders, type Delivery } from "../../src/domain/book-orders.ts";
import type { Books, DeadLetter } from "../../src/domain/ports.ts";
import { openBooks } from "../support/books.ts";
import { order, raw } from "../support/messages.ts";

/** Everything around real books, and what it was told. */
function setUp(books: Pick<Books, "enter">, refusals: { bury?: number } = {}) {
  const buried: DeadLetter[] = [];
  const told: string[] = [];
  let toRefuse = refusals.bury ?? 0;
  const deps: BookDeps = {
    books: books as Books,
    graveyard: {
      bury: async (letters) => {
        if (toRefuse-- > 0) throw new Error("Kafka is away.");
        buried.push(...letters);
      },
    },
    instanceId: "1",
    onBooked: ({ booked, duplicates }) => told.push(`booked ${booked.length}, again ${duplicates}`),
    onBuried: (letters) => told.push(`buried ${letters.length}`),
    onTrouble: (what) => told.push(`trouble with ${what}`),
  };
  return { deps, buried, told };
}

const delivery = (messages: Delivery["messages"], pause = async () => {}): Delivery => ({ messages, pause });

test("good messages are booked and bad ones buried with their reason, whatever their order", async () => {
  const { books } = await openBooks();
  const { deps, buried, told } = setUp(books);
  const [first, second] = [order(1), order(2)];
  await bookOrders(deps, delivery([raw("oops", 0), raw(first, 1), raw(null, 2), raw(second, 3)]));
  expect(told).toEqual(["booked 2, again 0", "buried 2"]);
  expect(buried.map(({ cause, raw: { origin } }) => [cause, origin.offset])).toEqual([
    ["not-json", "0"],
    ["no-value", "2"],
  ]);
  expect(await books.count()).toBe(2);
});

test("a crash between the books' commit and Kafka's books nothing twice", async () => {
  const { books, file } = await openBooks();
  const batch = delivery([raw(order(1), 0), raw("oops", 1), raw(order(2), 2)]);
  const before = setUp(books);
  // The process dies when it is about to bury: its offset was never committed, so the batch comes again.
  before.deps.graveyard.bury = async () => {
    throw new Error("killed");
  };
  const killed = bookOrders(before.deps, { ...batch, pause: () => Promise.reject(new Error("gone")) });
  await expect(killed).rejects.toThrow("gone");

  const { books: afterRestart } = await openBooks(file);
  const after = setUp(afterRestart);
  await bookOrders(after.deps, batch);
  expect(after.told).toEqual(["booked 0, again 2", "buried 1"]);
  expect(await afterRestart.count()).toBe(2);
});

test("while the dead letters cannot be sent the batch is not done, and its orders are booked once", async () => {
  const { books } = await openBooks();
  const { deps, buried, told } = setUp(books, { bury: 2 });
  let pauses = 0;
  await bookOrders(
    deps,
    delivery([raw(order(1), 0), raw("oops", 1)], async () => {
      pauses++;
    }),
  );
  expect(pauses).toBe(2);
  expect(told).toEqual(["booked 1, again 0", "trouble with graveyard", "trouble with graveyard", "buried 1"]);
  expect(buried).toHaveLength(1);
});

test("while the books cannot be used nothing is lost and nothing is buried", async () => {
  const { books } = await openBooks();
  let refusals = 3;
  const { deps, told } = setUp({
    enter: (...batch) =>
      refusals-- > 0 ? Promise.reject(new Error("The disk is full.")) : books.enter(...batch),
  });
  await bookOrders(deps, delivery([raw(order(1), 0)]));
  expect(told).toEqual([...Array(3).fill("trouble with books"), "booked 1, again 0"]);
  expect(await books.count()).toBe(1);
});

test("a partition that is taken away in the middle ends the batch, which the next owner books", async () => {
  const { books } = await openBooks();
  const batch = [raw(order(1), 0)];
  const away = setUp({ enter: () => Promise.reject(new Error("The disk is full.")) });
  const taken = delivery(batch, () => Promise.reject(new Error("The group is rebalancing")));
  await expect(bookOrders(away.deps, taken)).rejects.toThrow("rebalancing");
  const next = setUp(books);
  await bookOrders(next.deps, delivery(batch));
  expect(next.told).toEqual(["booked 1, again 0"]);
});

test("an order that contradicts the books is buried with both versions in its reason", async () => {
  const { books } = await openBooks();
  const { deps, buried } = setUp(books);
  const placed = order(1);
  await bookOrders(deps, delivery([raw(placed, 0), raw({ ...placed, totalCents: 5 }, 1)]));
  expect(buried).toMatchObject([{ reason: expect.stringMatching(/totalCents 1800, not 5/) }]);
});
