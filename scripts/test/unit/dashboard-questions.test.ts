import { describe, expect, it } from "vitest";
import { orZero } from "../../src/dashboards/parts/promql.ts";
import { asGrafanaAsks, committedQuestions, type Question } from "../../src/dashboards/parts/questions.ts";
import { type Answers, metricsIn, unanswered } from "../../src/dashboards/parts/unanswered.ts";

const question = (expr: string): Question => ({
  place: "Lab overview: a panel",
  kind: "panel",
  expr,
  instant: false,
  stepSeconds: 2,
});

/** A Prometheus that has these series; it knows `quiet_total`, of which nothing has happened yet. */
const prometheus = (series: Record<string, number[]>): Answers => ({
  values: ({ expr }) => Promise.resolve(series[expr] ?? []),
  knows: (metric) => Promise.resolve(metric === "quiet_total" || metric in series),
});

describe("the check that no panel is empty", () => {
  it("is content with a number", async () => {
    expect(await unanswered([question("up")], prometheus({ up: [Number.NaN, 1] }))).toEqual([]);
  });

  it("reports a panel with a misspelt metric, by name", async () => {
    const [found] = await unanswered([question("sum(rate(purchase_total[8s]))")], prometheus({ up: [1] }));
    expect(found).toMatchObject({
      place: "Lab overview: a panel",
      why: "Prometheus has never heard of purchase_total.",
    });
  });

  it("reports a misspelt metric also where a zero stands in for nothing", async () => {
    const both = prometheus({ [orZero("sum(quiett_total)")]: [0], [orZero("sum(quiet_total)")]: [0] });
    const found = await unanswered(
      [question(orZero("sum(quiet_total)")), question(orZero("sum(quiett_total)"))],
      both,
    );
    expect(found.map(({ why }) => why)).toEqual(["Prometheus has never heard of quiett_total."]);
  });

  it("reports a known metric without series, and one that is never a number", async () => {
    const found = await unanswered(
      [question("quiet_total"), question("up")],
      prometheus({ up: [Number.NaN] }),
    );
    expect(found.map(({ why }) => why)).toEqual(["It has no series.", "None of its values is a number."]);
  });
});

describe("questions of a dashboard", () => {
  it("are asked as Grafana asks them", () => {
    expect(asGrafanaAsks('rate(a{b=~"$replica"}[$__rate_interval])', 2, 300)).toBe('rate(a{b=~".*"}[8s])');
    expect(asGrafanaAsks("increase(a[$__range])", 5, 300)).toBe("increase(a[300s])");
  });

  it("leave no variable of Grafana's behind", async () => {
    const questions = await committedQuestions(300);
    expect(questions.length).toBeGreaterThan(50);
    // `$1` is no variable but a group in label_replace.
    expect(questions.filter(({ expr }) => /\$(?!\{?1\b)/.test(expr))).toEqual([]);
    for (const { stepSeconds } of questions) expect(stepSeconds).toBeGreaterThan(0);
  });

  it("need cAdvisor exactly where they ask for its metrics", async () => {
    for (const { expr, needs } of await committedQuestions(300))
      expect(needs === "cadvisor", expr).toBe(
        metricsIn(expr).some((name) => /^(replica:)?container_/.test(name)),
      );
  });

  it("name their metrics", () => {
    expect(metricsIn('100 * max(abs(sum by (x) (rate(a_total{job="b"}[8s])) / scalar(c > 0)))')).toEqual([
      "a_total",
      "c",
    ]);
    expect(
      metricsIn(
        'label_replace(a:b:rate5m, "x", "$1", "y", "(.*)") * on (h) group_left (z) info_1 or vector(0)',
      ),
    ).toEqual(["a:b:rate5m", "info_1"]);
  });
});
