import type { Problem } from "@evenkeel/contracts";

/** One answer of the balancer as this page saw it, the material of the strip. */
export interface Answer {
  serial: number;
  method: string;
  path: string;
  /** HTTP status, or 0 when no answer came. */
  status: number;
  /** Milliseconds from asking to the last byte, waiting in the browser included. */
  ms: number;
  /** Number of the replica; empty when none signed the answer. */
  instanceId: string;
  servedBy: string;
  strategy: string;
  requestId: string;
}

/** What became of one request: a body on success, a sentence for people otherwise. */
export type Reply<T> =
  | { ok: true; answer: Answer; body: T }
  | { ok: false; answer: Answer; sentence: string; retryable: boolean };

export interface Question {
  method?: "GET" | "PUT" | "POST" | "DELETE";
  body?: unknown;
  idempotencyKey?: string;
  /** The caller announces the answer itself, in an order of its own. */
  quiet?: boolean;
}

/**
 * Longer than the balancer tries (nginx/snippets: the last try begins within proxy_next_upstream_timeout, 10 s,
 * and takes proxy_read_timeout, 8 s, at the most), so that its answer is seen and not ours. Only a GET that it
 * begins anew while every replica hangs takes longer.
 */
export const TIMEOUT_MS = 20_000;
/** No replica took the request, or nobody knows: asking again may help. */
const RETRYABLE = new Set([0, 502, 503, 504]);

const listeners = new Set<(answer: Answer) => void>();
let serial = 0;

/** Calls `listener` for every answer this page gets, failed ones included. */
export function onAnswer(listener: (answer: Answer) => void): void {
  listeners.add(listener);
}

/** Asks until there is an answer; `failed` hears the sentence of each failure. */
export async function keepAsking<T>(
  path: string,
  pauseMs: number,
  failed: (sentence: string) => void = () => {},
): Promise<T> {
  for (;;) {
    const reply = await ask<T>(path);
    if (reply.ok) return reply.body;
    failed(reply.sentence);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Tells an answer to whoever wants to hear of answers. */
export function announce(answer: Answer): void {
  for (const listener of listeners) listener(answer);
}

/** `true` for an answer that no replica signed, or that a replica could not give. */
export function isError(answer: Answer): boolean {
  return answer.instanceId === "" || answer.status === 0 || answer.status >= 500;
}

/** Sends one request. Never rejects: a failure is a reply with a sentence. */
export async function ask<T>(path: string, question: Question = {}): Promise<Reply<T>> {
  const method = question.method ?? "GET";
  const started = performance.now();
  const headers = new Headers({ accept: "application/json" });
  const init: RequestInit = { method, headers, cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) };
  if (question.body !== undefined) {
    headers.set("content-type", "application/json");
    init.body = JSON.stringify(question.body);
  }
  if (question.idempotencyKey) headers.set("idempotency-key", question.idempotencyKey);

  let response: Response | undefined;
  let text = "";
  let complete = false;
  try {
    response = await fetch(path, init);
    text = await response.text();
    complete = true;
  } catch {
    // The browser's own words ("Failed to fetch") help nobody; explain() finds better ones.
  }
  const told = (name: string) => response?.headers.get(name) ?? "";
  serial += 1;
  const answer: Answer = {
    serial,
    method,
    path,
    status: complete ? (response?.status ?? 0) : 0,
    ms: Math.max(1, Math.round(performance.now() - started)),
    instanceId: told("x-instance-id"),
    servedBy: told("x-served-by"),
    strategy: told("x-strategy"),
    requestId: told("x-request-id"),
  };
  if (!question.quiet) announce(answer);

  const body = parse(text);
  if (response?.ok && complete && body !== undefined) return { ok: true, answer, body: body as T };
  return { ok: false, answer, sentence: explain(answer, body), retryable: RETRYABLE.has(answer.status) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function explain(answer: Answer, body: unknown): string {
  const problem = (typeof body === "object" && body !== null ? body : {}) as Partial<Problem>;
  if (typeof problem.detail === "string" && problem.detail) return problem.detail;
  if (typeof problem.title === "string" && problem.title) return `${problem.title}.`;
  if (answer.status === 0) return "No answer came. The balancer is not reachable, or the connection broke.";
  if (answer.status >= 500)
    return `The balancer answered ${answer.status}: no replica could take the request.`;
  if (answer.status >= 400) return `The request was refused with ${answer.status}.`;
  return "An answer came that this page cannot read.";
}
