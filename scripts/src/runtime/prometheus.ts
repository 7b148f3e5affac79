import { z } from "zod";
import { LabError, reason } from "../lib/errors.ts";

const DEADLINE_MS = 3000;

const Envelope = z.object({ status: z.enum(["success", "error"]), error: z.string().optional() });

/** Prometheus sends numbers as text, because JSON has no NaN and no infinity. */
const Figure = z
  .string()
  .transform((text) => (text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text)));
const Labels = z.record(z.string(), z.string());

const Sample = z
  .object({ metric: Labels, value: z.tuple([z.number(), Figure]) })
  .transform(({ metric, value: [at, value] }) => ({ labels: metric, at, value }));
/** One series of an answer; `at` is Unix time. */
export type Sample = z.infer<typeof Sample>;

const Vector = z.object({ resultType: z.literal("vector"), result: z.array(Sample) });

const Target = z
  .object({
    labels: Labels,
    scrapeUrl: z.string(),
    health: z.enum(["up", "down", "unknown"]),
    lastError: z.string(),
  })
  .transform((target) => ({ ...target, job: target.labels.job ?? "" }));
/** One address that Prometheus asks for figures. */
export type Target = z.infer<typeof Target>;

const Alert = z
  .object({
    labels: Labels,
    annotations: Labels,
    state: z.enum(["pending", "firing", "inactive"]),
    activeAt: z.iso.datetime({ offset: true }),
  })
  .transform(({ labels, annotations, ...rest }) => ({
    ...rest,
    labels,
    name: labels.alertname ?? "unnamed alert",
    severity: labels.severity ?? "",
    /** One full sentence. */
    summary: annotations.summary ?? "",
    description: annotations.description ?? "",
    /** What to type. */
    runbook: annotations.runbook ?? "",
  }));
/** An alert that fires or, while its condition has not held for long enough, is pending. */
export type Alert = z.infer<typeof Alert>;

/** What Prometheus knows, over its HTTP API; every method throws LabError `prometheus.away` or `prometheus.answer`. */
export interface Prometheus {
  /** Value now of an expression that gives an instant vector. */
  query(expression: string): Promise<Sample[]>;
  targets(): Promise<Target[]>;
  alerts(): Promise<Alert[]>;
}

/** @param deadlineMs For one answer. */
export function prometheusAt(base: URL, deadlineMs = DEADLINE_MS): Prometheus {
  const ask = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
    const url = new URL(`/api/v1/${path}`, base);
    const body = await read(url, deadlineMs);
    const { success, data: envelope } = Envelope.safeParse(body);
    if (success && envelope.status === "error") throw unexpected(url, envelope.error ?? "it says no more");
    const parsed = z.object({ data: schema }).safeParse(body);
    if (!parsed.success) throw unexpected(url, z.prettifyError(parsed.error));
    return parsed.data.data;
  };
  return {
    query: async (expression) =>
      (await ask(`query?${new URLSearchParams({ query: expression })}`, Vector)).result,
    targets: async () =>
      (await ask("targets?state=active", z.object({ activeTargets: z.array(Target) }))).activeTargets,
    alerts: async () => (await ask("alerts", z.object({ alerts: z.array(Alert) }))).alerts,
  };
}

async function read(url: URL, deadlineMs: number): Promise<unknown> {
  let text: string;
  try {
    text = await (await fetch(url, { signal: AbortSignal.timeout(deadlineMs) })).text();
  } catch (cause) {
    throw new LabError(`Prometheus does not answer at ${url.origin}: ${reason(cause)}`, {
      code: "prometheus.away",
      hint: "See whether it runs: npm run lab:status",
      cause,
    });
  }
  try {
    return JSON.parse(text);
  } catch {
    throw unexpected(url, "it is no JSON; another program may listen there");
  }
}

const unexpected = (url: URL, why: string) =>
  new LabError(`Prometheus' answer to ${url.pathname}${url.search} cannot be used: ${why}.`, {
    code: "prometheus.answer",
  });
