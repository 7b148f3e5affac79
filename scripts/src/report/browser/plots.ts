// Runs in the report, after uPlot. Only types may be imported: it is put into the page as one script.
import type uPlotType from "uplot";
import type { PlotData } from "../plot-data.ts";

declare const uPlot: typeof uPlotType;

const data = JSON.parse(document.getElementById("plot-data")?.textContent ?? "") as PlotData;
/** On paper there is one size and no dark side. CSS pixels, the width of A4 or Letter less its margins. */
const PAPER_WIDTH = 640;
let printing = false;

/** A colour or font of the page; on paper always the one by day, which is the first rule for the root. */
function token(name: string): string {
  if (!printing) return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
  const root = rules.find((rule) => rule instanceof CSSStyleRule && rule.selectorText === ":root");
  return root instanceof CSSStyleRule ? root.style.getPropertyValue(name).trim() : "";
}

const whole = (value: number) => Math.round(value).toLocaleString("en-US");
/** `0.50 ms`, `1.0 ms`, `20 ms`, `1.1 s`, `20 s` */
const ms = (value: number): string => {
  const [figure, unit] = value >= 999.5 ? [value / 1000, "s"] : [value, "ms"];
  return `${figure >= 9.95 ? whole(figure) : figure.toFixed(figure >= 0.995 ? 1 : 2)} ${unit}`;
};
/** The share of requests that are quicker, when one in so many is slower: 100 → "99 %". */
const quicker = (oneIn: number) => {
  const digits = Math.max(0, Math.ceil(Math.log10(oneIn)) - 2);
  return `${(100 - 100 / oneIn).toFixed(digits)} %`;
};

function axis(values: (value: number) => string, rest: uPlotType.Axis = {}): uPlotType.Axis {
  return {
    font: `12px ${token("--sans")}`,
    stroke: token("--ink-soft"),
    grid: { stroke: token("--rule"), width: 1 },
    ticks: { stroke: token("--rule"), width: 1, size: 5 },
    values: (_, splits) => splits.map((split) => (split === null ? "" : values(split))),
    ...rest,
  };
}

const secondsAxis = () =>
  axis((value) => `${value} s`, {
    size: 32,
    incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600],
  });
const powers = [0.01, 0.1, 1, 10, 100, 1000, 10_000, 100_000];
/** One, two and five of each power of ten, as far as they stand apart. */
const msAxis = (): uPlotType.Axis =>
  axis(ms, {
    size: 62,
    filter: (_, splits) => splits,
    splits: (_, __, low, high) => {
      const wide = high / low > 2000;
      const steps = wide ? powers : powers.flatMap((power) => [power, 2 * power, 5 * power]);
      return steps.filter((step) => step >= low * 0.999 && step <= high * 1.001);
    },
  });
const logScale = (values: (number | null)[]): uPlotType.Scale => {
  const known = values.filter((value): value is number => value !== null && value > 0);
  const [low, high] = [Math.min(...known, 1000), Math.max(...known, 0.1)];
  return { distr: 3, log: 10, range: [low / 1.25, high * 1.4] };
};

type Line = Pick<uPlotType.Series, "stroke" | "width" | "dash" | "fill" | "paths" | "points">;

/** Replicas on top of each other, so that the whole is the throughput; requests that failed on top of all. */
function throughput(): Drawing {
  const { seconds, replicas, failed } = data;
  const layers = [
    ...replicas.map(({ rates, colour }) => ({ rates, fill: token(`--replica-${colour}`) })),
    { rates: failed, fill: token("--error") },
  ];
  let top = seconds.map(() => 0);
  const stacked = layers.map(({ rates, fill }) => {
    // The last step ends where its second ends.
    top = top.map((below, i) => below + (rates[Math.min(i, rates.length - 1)] ?? 0));
    return { values: top, fill };
  });
  const painted = stacked.toReversed();
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  return {
    values: [seconds, ...painted.map(({ values }) => values)],
    scales: {
      x: { time: false, range: [0, seconds.at(-1) ?? 1] },
      y: { range: (_, __, high) => [0, (high || 1) * 1.08] },
    },
    axes: [secondsAxis(), axis(whole, { size: 62 })],
    lines: painted.map(({ fill }) => ({
      fill,
      stroke: token("--paper"),
      width: 1,
      points: { show: false },
      ...(stepped ? { paths: stepped } : {}),
    })),
    readout: (i) => {
      const at = Math.min(i, failed.length - 1);
      const all = replicas.reduce((sum, { rates }) => sum + (rates[at] ?? 0), 0);
      const each = replicas.map(({ id, rates }) => `replica ${id} ${whole(rates[at] ?? 0)}`);
      const bad = failed[at] ? `, failed ${whole(failed[at])}` : "";
      return `Second ${at}: ${whole(all)} answers/s (${each.join(", ")}${bad})`;
    },
  };
}

function percentiles(): Drawing {
  const { seconds, latency } = data;
  const x = seconds.slice(0, -1).map((second, i) => (second + (seconds[i + 1] ?? second)) / 2);
  const points = { show: x.length <= 60, size: 5, fill: token("--paper") };
  const line = (colour: string, width: number, dash?: number[]): Line => ({
    stroke: token(colour),
    width,
    points,
    ...(dash ? { dash } : {}),
  });
  const curves = [latency.max, latency.p99, latency.p90, latency.p50];
  return {
    values: [x, ...curves],
    scales: { x: { time: false, range: [0, seconds.at(-1) ?? 1] }, y: logScale(curves.flat()) },
    axes: [secondsAxis(), msAxis()],
    lines: [
      line("--ink-soft", 1, [2, 4]),
      line("--magenta", 2.5),
      line("--water-line", 2, [8, 4]),
      line("--ink", 2),
    ],
    readout: (i) => {
      const value = (curve: (number | null)[]) => (curve[i] == null ? "–" : ms(curve[i]));
      return `Second ${seconds[i]}: median ${value(latency.p50)}, 90 % ${value(latency.p90)}, 99 % ${value(latency.p99)}, slowest ${value(latency.max)}`;
    },
  };
}

function distribution(): Drawing {
  const { oneIn, ms: values, marks } = data.distribution;
  const last = oneIn.at(-1) ?? 10;
  const stops = [1, ...marks.map((mark) => mark.oneIn)];
  const stepped = uPlot.paths.stepped?.({ align: -1 });
  return {
    values: [oneIn, values],
    scales: { x: { time: false, distr: 3, log: 10, range: [1, Math.max(10, last)] }, y: logScale(values) },
    axes: [axis(quicker, { size: 32, splits: () => stops, filter: (_, splits) => splits }), msAxis()],
    lines: [
      {
        stroke: token("--magenta"),
        fill: `${token("--magenta")}1f`,
        width: 2.5,
        points: { show: false },
        ...(stepped ? { paths: stepped } : {}),
      },
    ],
    padding: [8, 34, 0, 0],
    over: (plot) => {
      for (const mark of marks) label(plot, mark.oneIn, mark.ms);
    },
    readout: (i) => `${quicker(oneIn[i] ?? 1)} of the answers took at most ${ms(values[i] ?? 0)}`,
  };
}

/** A dot on a curve with its value above it. */
function label(plot: uPlotType, x: number, y: number): void {
  const { ctx } = plot;
  const [left, top] = [plot.valToPos(x, "x", true), plot.valToPos(y, "y", true)];
  const scale = uPlot.pxRatio;
  ctx.save();
  ctx.fillStyle = token("--magenta");
  ctx.beginPath();
  ctx.arc(left, top, 4 * scale, 0, 2 * Math.PI);
  ctx.fill();
  ctx.fillStyle = token("--ink");
  ctx.font = `600 ${12 * scale}px ${token("--sans")}`;
  ctx.textAlign = "right";
  ctx.fillText(ms(y), left - 3 * scale, top - 9 * scale);
  ctx.restore();
}

interface Drawing {
  values: (number | null)[][];
  scales: uPlotType.Scales;
  axes: uPlotType.Axis[];
  lines: Line[];
  padding?: uPlotType.Padding;
  /** Painted over the curves. */
  over?: (plot: uPlotType) => void;
  /** What is under the pointer, as a sentence. */
  readout: (index: number) => string;
}

const DRAWINGS: Record<string, () => Drawing> = { throughput, percentiles, distribution };
const drawn = new Map<HTMLElement, uPlotType>();

function draw(place: HTMLElement): void {
  drawn.get(place)?.destroy();
  const drawing = DRAWINGS[place.dataset.plot ?? ""]?.();
  if (!drawing || (drawing.values[0]?.length ?? 0) < 1) return;
  const { values, scales, axes, lines, readout, over, padding = [8, 14, 0, 0] } = drawing;
  const said = place.parentElement?.querySelector("[data-readout]");
  const before = said?.getAttribute("data-readout") ?? "";
  const options: uPlotType.Options = {
    ...size(place),
    scales,
    axes,
    series: [{}, ...lines],
    legend: { show: false },
    padding,
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    hooks: {
      draw: over ? [over] : [],
      setCursor: [
        ({ cursor }) => {
          if (said) said.textContent = cursor.idx == null ? before : readout(cursor.idx);
        },
      ],
    },
  };
  drawn.set(place, new uPlot(options, values as uPlotType.AlignedData, place));
  place.dataset.drawn = "yes";
}

const size = (place: HTMLElement) => ({
  width: printing ? PAPER_WIDTH : Math.max(240, place.clientWidth),
  height: place.clientWidth < 480 && !printing ? 220 : 280,
});
const places = [...document.querySelectorAll<HTMLElement>("[data-plot]")];
const drawAll = () => places.forEach(draw);

drawAll();
const onResize = new ResizeObserver((entries) => {
  for (const { target } of entries)
    if (!printing) drawn.get(target as HTMLElement)?.setSize(size(target as HTMLElement));
});
for (const place of places) onResize.observe(place);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
for (const [event, on] of [
  ["beforeprint", true],
  ["afterprint", false],
] as const)
  addEventListener(event, () => {
    printing = on;
    drawAll();
  });
