import type { Product } from "@evenkeel/contracts";
import { part, within } from "./page-parts.ts";
import { paint, replicaName } from "./replica-colour.ts";

/** Fewer units than this are worth a warning. */
const SCARCE = 50;
const MAX_QUANTITY = 10;
const ART = new URL("./art.svg", import.meta.url).pathname;
const EURO = new Intl.NumberFormat("en", { style: "currency", currency: "EUR" });

export interface CardActions {
  buy(product: Product, quantity: number): Promise<void>;
  addToCart(product: Product, quantity: number): Promise<void>;
}

export interface Card {
  readonly element: HTMLElement;
  /** Units left, and how high the water stands in the picture, from 0 to 1. */
  showStock(units: number, tide: number): void;
  /** Marks the card with the replica that just sold. */
  showSale(instanceId: string): void;
}

const template = part("card-template", HTMLTemplateElement);

/** Builds the card of one product. */
export function newCard(product: Product, actions: CardActions): Card {
  const fragment = document.importNode(template.content, true);
  const element = within(fragment, ".card", HTMLLIElement);
  const quantity = within(element, ".quantity", HTMLInputElement);
  const buy = within(element, ".buy", HTMLButtonElement);
  const toCart = within(element, ".to-cart", HTMLButtonElement);
  const stock = within(element, ".stock", HTMLElement);
  const unit = within(element, ".stock-unit", HTMLElement);
  const seller = within(element, ".seller", HTMLElement);
  const stamp = within(element, ".stamp", HTMLElement);
  const text = (selector: string, words: string) =>
    within(element, selector, HTMLElement).replaceChildren(words);

  element.dataset.productId = product.id;
  text(".card-name", product.name);
  text(".card-blurb", product.blurb);
  text(".price", EURO.format(product.priceCents / 100));
  within(element, ".art use", SVGUseElement).setAttribute("href", `${ART}#${product.art}`);
  within(element, ".stepper", HTMLElement).ariaLabel = `Quantity of ${product.name}`;
  quantity.ariaLabel = `Quantity of ${product.name}`;
  buy.ariaLabel = `Buy ${product.name}`;
  toCart.ariaLabel = `Put ${product.name} in the cart`;
  toCart.title = "Put in the cart";

  const wanted = () => Math.min(MAX_QUANTITY, Math.max(1, Math.trunc(quantity.valueAsNumber) || 1));
  for (const step of element.querySelectorAll<HTMLButtonElement>(".step")) {
    const by = Number(step.dataset.step);
    step.ariaLabel = `${by < 0 ? "One less" : "One more"} ${product.name}`;
    step.addEventListener("click", () => {
      quantity.value = String(Math.min(MAX_QUANTITY, Math.max(1, wanted() + by)));
    });
  }
  quantity.addEventListener("change", () => {
    quantity.value = String(wanted());
  });
  // aria-disabled instead of disabled: a button that sells out under the focus must not drop the focus.
  const whenFree = (button: HTMLButtonElement, action: CardActions["buy"]) =>
    button.addEventListener("click", async () => {
      if (button.ariaDisabled === "true" || button.ariaBusy === "true") return;
      button.ariaBusy = "true";
      await action(product, wanted());
      button.ariaBusy = "false";
    });
  whenFree(buy, actions.buy);
  whenFree(toCart, actions.addToCart);
  element.addEventListener("animationend", ({ animationName }) => {
    if (animationName === "sale") element.classList.remove("sale");
  });

  return {
    element,
    showStock(units, tide) {
      const gone = units === 0;
      stock.textContent = String(units);
      unit.textContent = gone || units > SCARCE ? "in stock" : "left";
      element.classList.toggle("scarce", units <= SCARCE && !gone);
      element.classList.toggle("gone", gone);
      element.style.setProperty("--tide", tide.toFixed(3));
      stamp.hidden = !gone;
      buy.textContent = gone ? "Sold out" : "Buy";
      buy.ariaLabel = gone ? `${product.name} is sold out` : `Buy ${product.name}`;
      for (const button of [buy, toCart]) button.ariaDisabled = String(gone);
    },
    showSale(instanceId) {
      paint(element, instanceId);
      paint(seller, instanceId);
      seller.textContent = instanceId || "–";
      seller.title = `Last changed by ${replicaName(instanceId)}`;
      seller.hidden = false;
      element.classList.remove("sale");
      // Reading a layout figure between the two makes the browser start the animation again.
      void element.offsetWidth;
      element.classList.add("sale");
    },
  };
}
