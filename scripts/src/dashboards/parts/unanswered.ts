import { withoutZero } from "./promql.ts";
import type { Question } from "./questions.ts";

/** What the check needs of Prometheus. */
export interface Answers {
  /** All values of all series, over the window or the newest ones. */
  values: (question: Pick<Question, "expr" | "instant" | "stepSeconds">) => Promise<number[]>;
  /** Has a target ever told of this metric, or does a rule record it? True also while it has no series. */
  knows: (metric: string) => Promise<boolean>;
}

export interface Unanswered {
  place: string;
  expr: string;
  why: string;
}

/**
 * Finds the questions to which Prometheus has no answer, so that a panel would be empty.
 * A figure that is zero because nothing of its kind has happened (`… or vector(0)`) always has an answer, even with a
 * misspelt metric; there the part before the zero is asked, and if that is empty each of its metrics must be known.
 */
export async function unanswered(questions: Question[], answers: Answers): Promise<Unanswered[]> {
  const found = await Promise.all(
    questions.map(async (question) => {
      const why = await whyEmpty(question, answers);
      return why ? [{ place: question.place, expr: question.expr, why }] : [];
    }),
  );
  return found.flat();
}

async function whyEmpty(question: Question, { values, knows }: Answers): Promise<string | undefined> {
  const inner = withoutZero(question.expr);
  const answer = await values({ ...question, expr: inner ?? question.expr });
  if (answer.some(Number.isFinite)) return undefined;
  const metrics = metricsIn(question.expr).filter((metric) => !BUILT_IN.has(metric));
  const unknown: string[] = [];
  for (const metric of metrics) if (!(await knows(metric))) unknown.push(metric);
  if (unknown.length > 0) return `Prometheus has never heard of ${unknown.join(", ")}.`;
  if (inner !== undefined) return undefined;
  return answer.length === 0 ? "It has no series." : "None of its values is a number.";
}

/** Prometheus' own, which exist only while an alert is pending or firing. */
const BUILT_IN = new Set(["ALERTS", "ALERTS_FOR_STATE"]);

const WORDS = new Set(["by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset"]);
const OPERATORS = new Set(["and", "or", "unless", "inf", "nan"]);

/** Names of the metrics in an expression: what is a word and neither a function, a label nor an operator. */
export function metricsIn(expr: string): string[] {
  const bare = expr
    .replace(/"(?:[^"\\]|\\.)*"/g, "")
    .replace(/\{[^}]*\}/g, "")
    .replace(/\[[^\]]*\]/g, "")
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, "");
  const names = new Set<string>();
  for (const [, word = "", call] of bare.matchAll(/\b([a-zA-Z_:][\w:]*)(\s*\()?/g)) {
    const name = word.toLowerCase();
    if (!call && !WORDS.has(name) && !OPERATORS.has(name)) names.add(word);
  }
  return [...names];
}
