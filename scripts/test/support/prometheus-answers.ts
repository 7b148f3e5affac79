import type { Answers } from "../../src/dashboards/parts/unanswered.ts";

type Sample = [time: number, value: string];
interface Series {
  metric: Record<string, string>;
  value?: Sample;
  values?: Sample[];
}

/** A real Prometheus, asked as Grafana asks it for the last `rangeSeconds`. */
export function prometheusAnswers(url: URL, rangeSeconds: number) {
  async function get<T>(path: string, query: Record<string, string> = {}): Promise<T> {
    const response = await fetch(new URL(`/api/v1/${path}?${new URLSearchParams(query)}`, url));
    const body = (await response.json()) as { status: string; error?: string; data: T };
    if (body.status !== "success")
      throw new Error(`Prometheus refused ${query.query ?? path}: ${body.error}`);
    return body.data;
  }
  const series: (question: Parameters<Answers["values"]>[0]) => Promise<Series[]> = async (question) => {
    const query = question.expr;
    if (question.instant) return (await get<{ result: Series[] }>("query", { query })).result;
    const end = Math.floor(Date.now() / 1000);
    const window = {
      start: String(end - rangeSeconds),
      end: String(end),
      step: String(question.stepSeconds),
    };
    return (await get<{ result: Series[] }>("query_range", { query, ...window })).result;
  };
  const answers: Answers = {
    values: async (question) =>
      (await series(question)).flatMap(({ value, values = [] }) =>
        [...(value ? [value] : []), ...values].map(([, number]) => Number(number)),
      ),
    knows: async (metric) => {
      const told = await get<Record<string, unknown>>("metadata", {
        metric: metric.replace(/_(bucket|sum|count)$/, ""),
      });
      if (Object.keys(told).length > 0) return true;
      const { groups } = await get<{ groups: { rules: { name: string }[] }[] }>("rules", { type: "record" });
      return groups.some(({ rules }) => rules.some(({ name }) => name === metric));
    },
  };
  return { ...answers, series };
}
