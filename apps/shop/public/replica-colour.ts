import { make } from "./page-parts.ts";

/** Colours in tokens.css. Replica 9 wears the colour of replica 1 again; its number still tells them apart. */
const COLOURS = 8;

/** Marks an element with a replica: `data-instance` for its number, `data-colour` for its place in the palette. */
export function paint(element: HTMLElement | SVGElement, instanceId: string): void {
  element.dataset.instance = instanceId;
  const number = Number.parseInt(instanceId, 10);
  element.dataset.colour =
    Number.isInteger(number) && number > 0 ? String(((number - 1) % COLOURS) + 1) : "0";
}

/** A small round mark with the replica's number. */
export function badge(instanceId: string): HTMLElement {
  const mark = make("span", "badge", instanceId || "–");
  paint(mark, instanceId);
  return mark;
}

/** Name of a replica in a sentence. Changes made from the command line belong to none. */
export function replicaName(instanceId: string): string {
  return instanceId ? `replica ${instanceId}` : "the command line";
}

/** Replicas in the order of their numbers. */
export function byNumber(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
