import type { CartItem, CartResponse, Product } from "@evenkeel/contracts";
import { ask, type Question } from "./ask.ts";
import { noteCartAnswer, setCartOpen, showCartItems, showCartStatus, showCartStore } from "./cart-panel.ts";
import { part } from "./page-parts.ts";

export interface CartActions {
  nameOf(productId: string): string;
  priceOf(productId: string): number;
  /** Buys one line; `true` when it was sold. */
  buy(item: CartItem): Promise<boolean>;
}

let items: CartItem[] = [];

/** Wires the panel. Asks nothing yet. */
export function wireCart(actions: CartActions): void {
  const opener = part("cart-open", HTMLButtonElement);
  opener.addEventListener("click", () => setCartOpen(opener.ariaExpanded !== "true"));
  part("cart-close", HTMLButtonElement).addEventListener("click", () => setCartOpen(false));
  part("cart", HTMLElement).addEventListener("keydown", (event) => {
    if (event.key === "Escape") setCartOpen(false);
  });
  const press = (id: string, work: () => Promise<void>) => {
    const button = part(id, HTMLButtonElement);
    button.addEventListener("click", async () => {
      if (button.ariaBusy === "true") return;
      button.ariaBusy = "true";
      await work();
      button.ariaBusy = "false";
    });
  };
  press("cart-ask", async () => void (await askCart(actions)));
  press("cart-clear", async () => {
    if (await askCart(actions, { method: "DELETE" })) showCartStatus("The cart was cleared.");
  });
  press("cart-buy", () => buyAll(actions));
}

/** Puts a line in the cart, replacing an earlier one of the same product. Says how it went. */
export async function addToCart(product: Product, quantity: number, actions: CartActions): Promise<string> {
  const done = await askCart(actions, { method: "PUT", body: { productId: product.id, quantity } });
  return done ? `${quantity} × ${product.name} put in the cart.` : "";
}

/** Asks for the cart, or changes it, and shows the answer. `false`: the panel says why not. */
export async function askCart(actions: CartActions, question: Question = {}): Promise<boolean> {
  const reply = await ask<CartResponse>("/cart", question);
  if (!reply.ok) {
    showCartStatus(reply.sentence);
    return false;
  }
  showCartStatus("");
  items = reply.body.items;
  noteCartAnswer(reply.body);
  showCartStore(reply.body);
  showCartItems(items, actions);
  return true;
}

async function buyAll(actions: CartActions): Promise<void> {
  const wanted = items;
  if (wanted.length === 0) return showCartStatus("This answer of the cart holds nothing to buy.");
  const unsold: CartItem[] = [];
  for (const item of wanted) if (!(await actions.buy(item))) unsold.push(item);
  // A line cannot be removed alone: empty the cart, then put back what was not sold.
  let kept = await askCart(actions, { method: "DELETE" });
  for (const item of unsold) kept = (await askCart(actions, { method: "PUT", body: item })) && kept;
  if (!kept) return;
  const sold = wanted.length - unsold.length;
  showCartStatus(
    unsold.length === 0
      ? `All ${sold === 1 ? "of it was" : `${sold} lines were`} bought.`
      : `${sold} of ${wanted.length} lines were bought; the others stay in the cart.`,
  );
}
