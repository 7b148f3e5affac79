import { unescapeLabel } from "../lib/label-text.ts";

export interface Series {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

/**
 * The series of these names in Prometheus' text format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Other lines are not even taken apart: a
 * replica tells ten times what anybody asks for.
 */
export function seriesIn(exposition: string, names: ReadonlySet<string>): Series[] {
  return exposition.split("\n").flatMap((line) => {
    if (!names.has(line.slice(0, line.search(/[{ ]/)))) return [];
    const [, name, labels = "", value] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    const pairs = [...labels.matchAll(LABEL)].map(([, key = "", text = ""]) => [key, unescapeLabel(text)]);
    return [{ name, labels: Object.fromEntries(pairs), value: toNumber(value) }];
  });
}

const toNumber = (text = "") =>
  text === "+Inf" ? Number.POSITIVE_INFINITY : text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
