import type { CartItem, CartResponse } from "@evenkeel/contracts";
import { make, part } from "./page-parts.ts";
import { badge, replicaName } from "./replica-colour.ts";

/** Answers kept in view; enough to see replicas take turns. */
const HISTORY = 10;
const EURO = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });

const panel = part("cart", HTMLElement);
const opener = part("cart-open", HTMLButtonElement);
const store = part("cart-store", HTMLParagraphElement);
const list = part("cart-items", HTMLUListElement);
const history = part("cart-answers", HTMLOListElement);
const status = part("cart-status", HTMLParagraphElement);
const count = part("cart-count", HTMLSpanElement);
/** Where the panel covers the page; the same width as in cart.css. */
const narrow = matchMedia("(max-width: 1099px)");

let cameFrom: Element | null = null;

narrow.addEventListener("change", coverOthers);
// Inert content takes no clicks, so one beside the panel arrives at the page itself.
document.addEventListener("click", ({ target }) => {
  const beside = target === document.body || target === document.documentElement;
  if (beside && narrow.matches && !panel.hidden) setCartOpen(false);
});

/** Opens or closes the panel and moves the focus along. */
export function setCartOpen(open: boolean): void {
  if (open && panel.hidden) cameFrom = document.activeElement;
  panel.hidden = !open;
  opener.ariaExpanded = String(open);
  document.body.classList.toggle("with-cart", open);
  coverOthers();
  if (open) part("cart-title", HTMLElement).focus();
  else comeBack();
}

/** Returns to where the panel was opened from, without scrolling there. */
function comeBack(): void {
  const before = cameFrom instanceof HTMLElement && cameFrom.checkVisibility() ? cameFrom : opener;
  before.focus({ preventScroll: true });
}

/** What lies under the panel must not take the focus. */
function coverOthers(): void {
  const covered = !panel.hidden && narrow.matches;
  for (const element of document.querySelectorAll("header, main, footer, .skip")) {
    element.toggleAttribute("inert", covered);
  }
}

/** Adds an answer to the row of who was asked. */
export function noteCartAnswer(cart: CartResponse): void {
  const entry = make("li", "cart-answer");
  entry.append(badge(cart.instanceId), make("span", "", String(cart.items.length)));
  entry.title = `${replicaName(cart.instanceId)} knew ${cart.items.length} lines`;
  history.append(entry);
  while (history.childElementCount > HISTORY) history.firstElementChild?.remove();
}

/** Says where this cart is kept, and what that means for the next request. */
export function showCartStore(cart: CartResponse): void {
  panel.dataset.store = cart.store;
  const words =
    cart.store === "memory"
      ? ` in the memory of replica ${cart.instanceId}. The next request may land on another, which does not know this cart.`
      : ` in Redis. Replica ${cart.instanceId} answered; every other would say the same.`;
  store.replaceChildren(badge(cart.instanceId), " This cart lives", words);
}

/** Lists the lines of the last answer. */
export function showCartItems(
  items: readonly CartItem[],
  { nameOf, priceOf }: { nameOf(id: string): string; priceOf(id: string): number },
): void {
  const units = items.reduce((sum, item) => sum + item.quantity, 0);
  count.textContent = String(units);
  opener.ariaLabel = `Cart, ${units} ${units === 1 ? "unit" : "units"}`;
  if (items.length === 0) {
    list.replaceChildren(make("li", "cart-none", "Nothing in this answer."));
    return;
  }
  list.replaceChildren(
    ...items.map((item) => {
      const line = make("li", "cart-line");
      line.dataset.productId = item.productId;
      line.append(
        make("span", "cart-quantity", `${item.quantity} ×`),
        make("span", "cart-name", nameOf(item.productId)),
        make("span", "cart-sum", EURO.format((priceOf(item.productId) * item.quantity) / 100)),
      );
      return line;
    }),
  );
}

/** Says how the last action on the cart went. */
export function showCartStatus(sentence: string): void {
  status.textContent = sentence;
}
