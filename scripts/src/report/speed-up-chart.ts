import { type CompareRow, times } from "../lab/compare-verdict.ts";
import { count, whole } from "./figures.ts";
import { type Html, html, type Part } from "./html.ts";

/** Units of the drawing; the browser scales it. */
const [WIDTH, HEIGHT] = [520, 340];
const PLOT = { left: 44, right: 496, top: 18, bottom: 294 };

/** Speed-up over the number of replicas, with the straight line that no system beats for long. */
export function speedUpChart(capped: CompareRow[], uncapped: CompareRow[]): Html {
  const counts = [...new Set([...capped, ...uncapped].map(({ replicas }) => replicas))];
  const fewest = Math.min(...counts);
  const most = Math.max(...counts, fewest + 1);
  const top =
    Math.max(most / fewest, ...capped.map(({ speedUp }) => speedUp.interval?.[1] ?? speedUp.mean)) * 1.06;
  const x = (replicas: number) =>
    fixed(PLOT.left + 16 + ((PLOT.right - PLOT.left - 32) * (replicas - fewest)) / (most - fewest));
  const y = (speedUp: number) => fixed(PLOT.bottom - ((PLOT.bottom - PLOT.top) * speedUp) / top);
  const curve = (rows: CompareRow[]) =>
    rows.map((row) => `${x(row.replicas)},${y(row.speedUp.mean)}`).join(" ");
  const levels = Array.from({ length: Math.floor(top) + 1 }, (_, level) => level).filter(
    (level) => top < 8 || level % 2 === 0,
  );
  const sentence = capped
    .slice(1)
    .map(({ replicas, speedUp }) => `${times(speedUp)} with ${replicas} replicas`);
  return html`<figure>
  <ul class="legend"><li><i class="line line-ideal"></i>ideal</li><li><i class="line line-p99"></i>each replica capped</li>${uncapped.length > 0 && html`<li><i class="line line-p90"></i>uncapped</li>`}</ul>
  <svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Speed-up: ${sentence.join(", ")}.">
    ${levels.map((level) => html`<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(level)}" y2="${y(level)}"/><text class="tick end" x="${PLOT.left - 8}" y="${y(level)}" dy="0.32em">${level}×</text>`)}
    ${counts.map((replicas) => html`<text class="tick middle" x="${x(replicas)}" y="${PLOT.bottom + 20}">${replicas}</text>`)}
    <text class="tick end" x="${PLOT.right}" y="${HEIGHT - 6}">replicas</text>
    <line class="ideal" x1="${x(fewest)}" y1="${y(1)}" x2="${x(most)}" y2="${y(most / fewest)}"/>
    ${uncapped.length > 0 && html`<polyline class="curve uncapped" points="${curve(uncapped)}"/>${uncapped.map(({ replicas, speedUp }) => square(Number(x(replicas)), Number(y(speedUp.mean))))}`}
    <polyline class="curve" points="${curve(capped)}"/>
    ${capped.map((row) => mark(row, capped[0], x, y))}
  </svg></figure>`;
}

/** Answers per second as bars, capped and uncapped on scales of their own: they answer different questions. */
export function rateBars(capped: CompareRow[], uncapped: CompareRow[]): Html {
  const block = (title: string, rows: CompareRow[], kind: string) => {
    const most = Math.max(...rows.map(({ max }) => max));
    return html`<h3>${title}</h3><dl class="bars">${rows.map(
      ({ replicas, median }) => html`<div><dt>${count(replicas, "replica")}</dt><dd>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="bar ${kind}" width="${fixed((100 * median) / most)}" height="10"/></svg>
      <span>${whole(median)}</span></dd></div>`,
    )}</dl>`;
  };
  return html`<div class="rates">${block("Answers per second, each replica capped", capped, "bar-capped")}${uncapped.length > 0 && block("Answers per second, uncapped", uncapped, "bar-uncapped")}</div>`;
}

/** One number of replicas: every repeat, their mean and its interval. */
function mark(row: CompareRow, base: CompareRow | undefined, x: Scale, y: Scale): Part {
  const [low, high] = row.speedUp.interval ?? [row.speedUp.mean, row.speedUp.mean];
  const at = x(row.replicas);
  const ratios = row.rates.map((rate, i) => rate / (base?.rates[i] ?? Number.NaN)).filter(Number.isFinite);
  return html`${ratios.map((ratio) => html`<circle class="repeat" cx="${Number(at) + 11}" cy="${y(ratio)}" r="2.4"/>`)}
    <line class="interval" x1="${at}" x2="${at}" y1="${y(low)}" y2="${y(high)}"/>
    <circle class="mean" cx="${at}" cy="${y(row.speedUp.mean)}" r="5.5"/>
    <text class="value end" x="${Number(at) - 11}" y="${y(row.speedUp.mean)}" dy="-0.5em">${row === base ? null : `${row.speedUp.mean.toFixed(2)}×`}</text>`;
}

type Scale = (value: number) => string;
const fixed = (value: number) => value.toFixed(1);
const square = (x: number, y: number) =>
  html`<rect class="uncapped-mark" x="${fixed(x - 4)}" y="${fixed(y - 4)}" width="8" height="8"/>`;
