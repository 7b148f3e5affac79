import { type Answer, isError } from "./ask.ts";
import { make, part } from "./page-parts.ts";
import { badge, paint, replicaName } from "./replica-colour.ts";

/** Marks on the scale, as a degree has minutes. */
export const STRIP_SIZE = 60;

const strip = part("strip", HTMLOListElement);
const detail = part("detail", HTMLParagraphElement);
const servedBy = part("served-by", HTMLSpanElement);
const strategy = part("strategy", HTMLSpanElement);

/** Answers by their cell, for the detail line. */
const shown = new WeakMap<Element, Answer>();
let latest: Answer | undefined;

for (let slot = 0; slot < STRIP_SIZE; slot += 1) strip.append(emptySlot());

strip.addEventListener("keydown", move);
for (const type of ["focusin", "pointerover"] as const) {
  strip.addEventListener(type, ({ target }) => {
    const answer = target instanceof Element ? shown.get(target) : undefined;
    if (answer) describe(answer);
  });
}
for (const type of ["focusout", "pointerleave"] as const) {
  strip.addEventListener(type, () => latest && describe(latest));
}

/** Puts an answer at the new end of the scale; the oldest falls off. */
export function showAnswer(answer: Answer): void {
  latest = answer;
  const oldest = strip.firstElementChild;
  const hadFocus = oldest?.contains(document.activeElement) ?? false;
  const cells = strip.getElementsByTagName("button");
  const hadStop = Array.from(cells).some((cell) => cell.tabIndex === 0 && !oldest?.contains(cell));
  oldest?.remove();

  const slot = make("li");
  slot.append(cellOf(answer, !hadStop));
  strip.append(slot);
  // The oldest cell took the focus with it: hand it on, so that the keyboard does not lose its place.
  if (hadFocus) focusCell(cells[0]);
  if (!strip.contains(document.activeElement) && !strip.matches(":hover")) describe(answer);

  servedBy.replaceChildren(isError(answer) ? "error" : replicaName(answer.instanceId));
  paint(servedBy, isError(answer) ? "error" : answer.instanceId);
  if (answer.strategy) strategy.textContent = answer.strategy;
  else if (!isError(answer)) strategy.textContent = "strategy not told";
}

function cellOf(answer: Answer, isTabStop: boolean): HTMLButtonElement {
  const failed = isError(answer);
  const cell = make("button", "cell", failed ? "error" : answer.instanceId);
  cell.type = "button";
  cell.tabIndex = isTabStop ? 0 : -1;
  cell.dataset.testid = "strip-cell";
  cell.dataset.method = answer.method;
  paint(cell, failed ? "error" : answer.instanceId);
  const words = [failed ? "error" : replicaName(answer.instanceId), ...facts(answer)].join(" · ");
  cell.setAttribute("aria-label", words);
  cell.title = words;
  shown.set(cell, answer);
  return cell;
}

function facts(answer: Answer): string[] {
  return [
    `${answer.method} ${answer.path}`,
    answer.status === 0 ? "no answer" : String(answer.status),
    `${answer.ms} ms`,
    answer.servedBy === "none" ? "" : answer.servedBy,
    answer.requestId && `request ${answer.requestId}`,
  ].filter(Boolean);
}

function describe(answer: Answer): void {
  const words = make("span", "detail-words", facts(answer).join(" · "));
  const mark = isError(answer) ? make("span", "badge", "!") : badge(answer.instanceId);
  if (isError(answer)) paint(mark, "error");
  detail.replaceChildren(mark, words);
}

function emptySlot(): HTMLLIElement {
  const slot = make("li", "slot");
  slot.setAttribute("aria-hidden", "true");
  return slot;
}

function focusCell(cell: HTMLButtonElement | undefined): void {
  if (!cell) return;
  for (const other of strip.getElementsByTagName("button")) other.tabIndex = other === cell ? 0 : -1;
  cell.focus();
}

function move(event: KeyboardEvent): void {
  const cells = Array.from(strip.getElementsByTagName("button"));
  const at = cells.findIndex((cell) => cell.matches(":focus"));
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: cells.length - 1 }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  focusCell(cells[Math.min(Math.max(to, 0), cells.length - 1)]);
}
