import { part, within } from "./page-parts.ts";
import { byNumber, paint, replicaName } from "./replica-colour.ts";
import type { Share } from "./tally.ts";

/** Heel when one side carries everything, in degrees; more would put the rail under. */
const MOST_HEEL = 14;
const DECK = { left: 62, right: 258, top: 91, tallest: 62 };
/** Fewer answers than this say nothing about evenness. */
const ENOUGH = 6;

const body = within(document, "#vessel-body", SVGGElement);
const cargo = within(document, "#vessel-cargo", SVGGElement);
const words = part("vessel-words", HTMLElement);

/**
 * Loads the ship with the shares: one stack of cargo per replica, from port to starboard in the order of their
 * numbers. An even spread floats level, an uneven one heels.
 */
export function showVessel(shares: readonly Share[]): void {
  const total = shares.reduce((sum, share) => sum + share.count, 0);
  if (total === 0) return;
  const largest = Math.max(...shares.map((share) => share.count));
  const width = (DECK.right - DECK.left) / shares.length;
  cargo.replaceChildren(
    ...shares.map((share, place) => stack(share, DECK.left + place * width, width, share.count / largest)),
  );
  const moment = shares.reduce(
    (sum, share, place) => sum + (share.count / total) * leverOf(place, shares.length),
    0,
  );
  body.style.setProperty("--heel", `${isEven(shares, total) ? 0 : (moment * MOST_HEEL).toFixed(2)}deg`);
  words.textContent = trim(shares, total);
}

/** -1 at the port rail, 1 at the starboard rail. A single replica stands amidships. */
function leverOf(place: number, count: number): number {
  return count === 1 ? 0 : (2 * place) / (count - 1) - 1;
}

function stack(share: Share, left: number, width: number, height: number): SVGGElement {
  const group = svg("g");
  paint(group, share.instanceId);
  const tall = Math.max(14, DECK.tallest * height);
  const inset = Math.min(8, width * 0.08);
  const crate = svg("rect");
  crate.setAttribute("class", "v-crate");
  place(crate, left + inset, DECK.top - tall, width - 2 * inset, tall);
  const label = svg("text");
  label.setAttribute("class", "v-number");
  label.setAttribute("x", String(left + width / 2));
  label.setAttribute("y", String(DECK.top - tall / 2));
  label.textContent = share.instanceId;
  group.append(crate, label);
  return group;
}

function place(rect: SVGElement, x: number, y: number, width: number, height: number): void {
  for (const [name, value] of Object.entries({ x, y, width, height }))
    rect.setAttribute(name, value.toFixed(1));
}

function svg<K extends keyof SVGElementTagNameMap>(tag: K): SVGElementTagNameMap[K] {
  return document.createElementNS("http://www.w3.org/2000/svg", tag);
}

/**
 * Over a window that slides along strict turns, counts differ by one; answers that overtake each other at its
 * ends make it two.
 */
function isEven(shares: readonly Share[], total: number): boolean {
  const counts = shares.map((share) => share.count);
  return total < ENOUGH || Math.max(...counts) - Math.min(...counts) <= 2;
}

function trim(shares: readonly Share[], total: number): string {
  if (total < ENOUGH) return "Taking on cargo";
  if (shares.length === 1) return `All by ${replicaName(shares[0]?.instanceId ?? "")}`;
  if (isEven(shares, total)) return "On an even keel";
  const heaviest = [...shares].sort((a, b) => b.count - a.count || byNumber(a.instanceId, b.instanceId))[0];
  return `Heavy on ${replicaName(heaviest?.instanceId ?? "")}`;
}
