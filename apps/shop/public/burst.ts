import type { StockList } from "@evenkeel/contracts";
import { announce, ask, isError } from "./ask.ts";
import { make, part } from "./page-parts.ts";
import { paint } from "./replica-colour.ts";
import { countShares } from "./tally.ts";

const BURST = 20;

const button = part("burst", HTMLButtonElement);
const result = part("burst-result", HTMLParagraphElement);
const note = part("burst-note", HTMLParagraphElement);

/** Wires the button that asks for the stock 20 times in parallel; `seen` gets each list that arrives. */
export function startBurst(seen: (list: StockList) => void): void {
  button.addEventListener("click", async () => {
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true";
    const started = performance.now();
    const question = { quiet: true };
    const replies = await Promise.all(
      Array.from({ length: BURST }, () => ask<StockList>("/stock", question)),
    );
    const ms = Math.round(performance.now() - started);
    button.ariaDisabled = "false";
    for (const reply of replies) if (reply.ok) seen(reply.body);

    // In the order of asking: answers overtake each other on the way back, which would hide the turns.
    const answers = replies.map((reply) => reply.answer);
    for (const answer of answers) announce(answer);
    const shares = countShares(answers);
    const errors = answers.filter(isError).length;
    const parts = shares.map((share) => count(share.instanceId, share.count));
    if (errors > 0) parts.push(count("error", errors));
    result.replaceChildren(
      ...parts.flatMap((element, place) => (place === 0 ? [element] : [" · ", element])),
    );
    const who = shares.map((share) => share.instanceId).join(", ");
    const told =
      shares.length === 0 ? "" : `Answered by ${shares.length === 1 ? "replica" : "replicas"} ${who}. `;
    const failed = errors === 0 ? "" : `${errors} without an answer of a replica. `;
    note.textContent = `${told}${failed}All within ${ms} ms.`;
  });
}

function count(instanceId: string, answers: number): HTMLElement {
  const figure = make("span", "burst-count", String(answers));
  paint(figure, instanceId);
  return figure;
}
