import { make, part } from "./page-parts.ts";

const SHOWN_MS = 7_000;

const toast = part("toast", HTMLParagraphElement);
let hide: ReturnType<typeof setTimeout> | undefined;

/** Says one sentence at the edge of the page. Errors stay until the next sentence. */
export function say(kind: "good" | "error", ...words: (Node | string)[]): void {
  clearTimeout(hide);
  toast.dataset.kind = kind;
  toast.replaceChildren(...words);
  toast.hidden = false;
  if (kind === "good") hide = setTimeout(hideUnlessUsed, SHOWN_MS);
}

/** Takes back what was said last: something newer is told elsewhere. */
export function hush(): void {
  clearTimeout(hide);
  toast.hidden = true;
}

/** A button to go with a sentence. */
export function offer(words: string, work: () => void): HTMLButtonElement {
  const button = make("button", "", words);
  button.type = "button";
  button.addEventListener("click", () => {
    toast.hidden = true;
    work();
  });
  return button;
}

function hideUnlessUsed(): void {
  if (toast.matches(":hover, :focus-within")) hide = setTimeout(hideUnlessUsed, SHOWN_MS);
  else toast.hidden = true;
}
