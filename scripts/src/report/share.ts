import { byNumber, colourOf, percent, whole } from "./figures.ts";
import { type Html, html } from "./html.ts";

export interface Share {
  replica: string;
  answers: number;
  /** Requests it should have answered; null where the strategy promises no figure. */
  expected: number | null;
}

/** Answers per replica beside what was expected; replicas of the pool that answered nothing included. */
export function shares(
  answers: ReadonlyMap<string, number>,
  pool: string[],
  expected: ReadonlyMap<string, number> | null,
): Share[] {
  const ids = [...new Set([...pool, ...answers.keys()])].sort(byNumber);
  return ids.map((replica) => ({
    replica,
    answers: answers.get(replica) ?? 0,
    expected: expected ? (expected.get(replica) ?? 0) : null,
  }));
}

/** Width of the drawing in its own units; the browser stretches it. */
const WIDTH = 1000;

/** One bar for all good answers, cut where one replica's end and the next one's begin; a notch where it should be cut. */
export function keel(all: Share[]): Html {
  const total = all.reduce((sum, { answers }) => sum + answers, 0) || 1;
  const x = (answers: number) => ((WIDTH * answers) / total).toFixed(2);
  let at = 0;
  const pieces = all.map((share) => {
    const piece = { ...share, from: at };
    at += share.answers;
    return piece;
  });
  let due = 0;
  const dueAt = all.slice(0, -1).map(({ expected }) => {
    due += expected ?? 0;
    return due;
  });
  const sum = all.reduce((all, { expected }) => all + (expected ?? 0), 0) || total;
  const sentence = all
    .map(({ replica, answers }) => `replica ${replica} ${percent(answers / total)}`)
    .join(", ");
  return html`<svg class="keel" viewBox="0 0 ${WIDTH} 84" preserveAspectRatio="none" role="img" aria-label="Shares of the good answers: ${sentence}.">
    ${pieces.map(({ replica, answers, from }) => html`<rect data-colour="${colourOf(replica)}" x="${x(from)}" y="14" width="${x(answers)}" height="56"/>`)}
    ${pieces.slice(1).map(({ from }) => html`<line class="keel-cut" x1="${x(from)}" x2="${x(from)}" y1="14" y2="70"/>`)}
    <rect class="keel-edge" x="0" y="14" width="${WIDTH}" height="56"/>
    ${all[0]?.expected == null ? null : dueAt.map((value) => html`<path class="keel-due" d="M${x((value * total) / sum)} 0V12M${x((value * total) / sum)} 72V84"/>`)}
  </svg>`;
}

/** The same as rows. */
export function shareTable(all: Share[]): Html {
  const total = all.reduce((sum, { answers }) => sum + answers, 0) || 1;
  const promised = all.some(({ expected }) => expected !== null);
  return html`<div class="scroll"><table>
    <caption>Good answers by replica${promised ? ", beside what the strategy promises" : ""}</caption>
    <thead><tr><th scope="col">Replica</th><th scope="col">Answers</th><th scope="col">Share</th>${promised && html`<th scope="col">Expected</th><th scope="col">Off by</th>`}</tr></thead>
    <tbody>${all.map(
      ({ replica, answers, expected }) => html`<tr>
        <th scope="row">${badge(replica)}</th><td>${whole(answers)}</td><td>${percent(answers / total)}</td>
        ${expected !== null && html`<td>${whole(expected)}</td><td>${signed(answers - expected)}</td>`}
      </tr>`,
    )}</tbody>
  </table></div>`;
}

/** A small round mark with the replica's number, as the shop has it. */
export const badge = (replica: string): Html =>
  html`<span class="badge" data-colour="${colourOf(replica)}">${replica}</span>`;

function signed(value: number): string {
  const rounded = Math.round(value * 10) / 10;
  if (rounded === 0) return "0";
  return `${rounded > 0 ? "+" : "−"}${Math.abs(rounded).toLocaleString("en-US")}`;
}
