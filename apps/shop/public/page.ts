import type { CartItem, OrderState, Product, ProductList, StockEvent, StockList } from "@evenkeel/contracts";
import { type Answer, ask, keepAsking, onAnswer } from "./ask.ts";
import { startBurst } from "./burst.ts";
import { addToCart, askCart, type CartActions, wireCart } from "./cart.ts";
import { setCartOpen } from "./cart-panel.ts";
import { OrderWatch } from "./order-watch.ts";
import { make } from "./page-parts.ts";
import { purchase } from "./purchase.ts";
import { replicaName } from "./replica-colour.ts";
import { fillShelves, showChange, showList, showNoShelves, showSnapshot } from "./shelves.ts";
import { openStream } from "./stream.ts";
import { showContinuity, showStreamState } from "./stream-state.ts";
import { STRIP_SIZE, showAnswer } from "./strip.ts";
import { countShares, showTally } from "./tally.ts";
import { hush, offer, say } from "./toast.ts";
import { showVessel } from "./vessel.ts";
import { showWay } from "./way.ts";

const RETRY_SHELVES_MS = 3_000;

const catalogue = new Map<string, Product>();
const orders = new OrderWatch((orderId) => ask<OrderState>(`/orders/${orderId}`, { quiet: true }));
let answers: Answer[] = [];

onAnswer((answer) => {
  answers = [...answers, answer].slice(-STRIP_SIZE);
  const shares = countShares(answers);
  showAnswer(answer);
  showTally(shares, answers.length);
  showVessel(shares);
});

async function buy({ productId, quantity }: CartItem): Promise<boolean> {
  const reply = await purchase({ productId, quantity });
  const name = nameOf(productId);
  if (!reply.ok) {
    say("error", make("strong", "", `${name}: `), reply.sentence);
    return false;
  }
  const { instanceId, ms } = reply.answer;
  showChange({ id: reply.body.eventId, productId, stock: reply.body.stock, instanceId });
  hush();
  const sentence = `${quantity} × ${name}, sold by ${replicaName(instanceId)} ·\u00a0${ms}\u00a0ms`;
  orders.follow(reply.body, showWay(sentence, instanceId));
  return true;
}

function nameOf(productId: string): string {
  return catalogue.get(productId)?.name ?? productId;
}

const cartActions: CartActions = {
  nameOf,
  priceOf: (productId) => catalogue.get(productId)?.priceCents ?? 0,
  buy,
};

/** Fetches the catalogue and the stock; goes on trying for both. */
async function loadShelves(): Promise<void> {
  const { products } = await keepAsking<ProductList>("/products", RETRY_SHELVES_MS, (sentence) =>
    showNoShelves(`The shelves could not be filled. ${sentence} The page goes on trying.`),
  );
  for (const product of products) catalogue.set(product.id, product);
  fillShelves(products, {
    buy: async (product, quantity) => void (await buy({ productId: product.id, quantity })),
    addToCart: async (product, quantity) => {
      const done = await addToCart(product, quantity, cartActions);
      const open = offer("Open cart", () => setCartOpen(true));
      if (done) say("good", done, open);
      else say("error", "The cart could not be changed; it says why.", open);
    },
  });
  // Not waited for: the cart needs the catalogue only.
  void keepAsking<StockList>("/stock", RETRY_SHELVES_MS).then(showList);
}

startBurst(showList);
wireCart(cartActions);
const firstLoad = loadShelves();
openStream({
  snapshot: showSnapshot,
  stock: (event: StockEvent) => {
    orders.noteSale(event);
    showChange(event);
  },
  booked: (booked) => orders.noteBooked(booked),
  counted: showContinuity,
  state: showStreamState,
});
await firstLoad;
await askCart(cartActions);
