import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DASHBOARD_FILES, loadDashboards } from "./catalogue.ts";

/** What is read here of a dashboard's JSON. */
interface DashboardJson {
  title: string;
  panels: { title: string; targets?: Target[] }[];
  annotations: { list: { name: string; target: Target }[] };
}
interface Target {
  expr: string;
  interval: string;
  instant?: boolean;
}

/** One question that Grafana asks Prometheus for a dashboard. */
export interface Question {
  /** Where it is asked: `Lab overview: Share per replica`. */
  place: string;
  kind: "panel" | "annotation";
  /** As Prometheus gets it, Grafana's variables replaced. */
  expr: string;
  /** Only the newest value, else a value per step. */
  instant: boolean;
  stepSeconds: number;
  /** Optional part of the lab without which there is no answer. */
  needs?: "cadvisor";
}

/** Every question of the committed dashboards, as Grafana asks it for a window of this length with "All" chosen. */
export async function committedQuestions(rangeSeconds: number): Promise<Question[]> {
  const definitions = await loadDashboards();
  const files = (await readdir(DASHBOARD_FILES)).filter((file) => file.endsWith(".json")).sort();
  const questions = await Promise.all(
    files.map(async (file) => {
      const json = JSON.parse(await readFile(join(DASHBOARD_FILES, file), "utf8")) as DashboardJson;
      const drawn = definitions.get(file.replace(/\.json$/, ""))?.rows.flatMap(({ panels }) => panels) ?? [];
      const needs = new Map(drawn.map((panel) => [panel.title, panel.needs]));
      return questionsOf(json, needs, rangeSeconds);
    }),
  );
  return questions.flat();
}

function questionsOf(
  json: DashboardJson,
  needs: Map<string, Question["needs"]>,
  rangeSeconds: number,
): Question[] {
  const ask = (kind: Question["kind"], title: string, { expr, interval, instant = false }: Target) => {
    const stepSeconds = Number.parseInt(interval, 10);
    const needed = kind === "panel" ? needs.get(title) : undefined;
    return {
      place: `${json.title}: ${title}`,
      kind,
      expr: asGrafanaAsks(expr, stepSeconds, rangeSeconds),
      instant,
      stepSeconds,
      ...(needed ? { needs: needed } : {}),
    };
  };
  return [
    ...json.panels.flatMap(({ title, targets = [] }) => targets.map((target) => ask("panel", title, target))),
    ...json.annotations.list.map(({ name, target }) => ask("annotation", name, target)),
  ];
}

/**
 * Replaces what Grafana replaces. `$__rate_interval` is the greater of one step more than the least step and four
 * times the least step (calculateRateInterval in Grafana's pkg/promlib/models/query.go); in a window so short that
 * the picture has a point per least step, these are both given by that step.
 */
export function asGrafanaAsks(expr: string, stepSeconds: number, rangeSeconds: number): string {
  return expr
    .replaceAll("$__rate_interval", `${Math.max(stepSeconds + stepSeconds, 4 * stepSeconds)}s`)
    .replaceAll("$__interval", `${stepSeconds}s`)
    .replaceAll("$__range", `${rangeSeconds}s`)
    .replaceAll("$replica", ".*");
}
