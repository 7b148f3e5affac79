import type { Continuity } from "./continuity.ts";
import { part } from "./page-parts.ts";
import { badge, paint } from "./replica-colour.ts";
import type { StreamState } from "./stream.ts";

const state = part("stream-state", HTMLParagraphElement);
const received = part("stream-received", HTMLElement);
const gaps = part("stream-gaps", HTMLElement);
const duplicates = part("stream-duplicates", HTMLElement);

const WORDS: Record<StreamState, (replica: string) => string> = {
  connecting: () => "Connecting",
  live: (replica) => `Live from replica ${replica}`,
  late: (replica) => `From replica ${replica}, but fan-out is down: updates come late`,
  draining: (replica) => `Replica ${replica} is going away; moving to another`,
  reconnecting: () => "Cut off; reconnecting",
};

/** Says how the event stream is and which replica serves it. */
export function showStreamState(now: StreamState, instanceId: string): void {
  state.dataset.state = now;
  paint(state, instanceId);
  const attached = instanceId !== "" && now !== "connecting" && now !== "reconnecting";
  state.replaceChildren(...(attached ? [badge(instanceId)] : []), WORDS[now](instanceId));
}

/** Shows what the stream brought. Gaps and duplicates stay 0 unless something is broken. */
export function showContinuity(continuity: Readonly<Continuity>): void {
  received.textContent = String(continuity.received);
  for (const [element, count] of [
    [gaps, continuity.gaps],
    [duplicates, continuity.duplicates],
  ] as const) {
    element.textContent = String(count);
    element.classList.toggle("wrong", count > 0);
  }
}
