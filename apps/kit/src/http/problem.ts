import { STATUS_CODES } from "node:http";
import { PROBLEM_TYPE, type Problem } from "@evenkeel/contracts";
import type { Response } from "express";

/** A refusal that only HTTP knows of. The message is a full sentence and is shown to clients. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly code: string;
  readonly errors: Problem["errors"];

  constructor(status: number, code: string, message: string, errors?: Problem["errors"]) {
    super(message);
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

export interface ProblemInput {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
  readonly errors?: Problem["errors"];
}

/** The body of every error (RFC 9457). */
export function toProblem({ status, code, detail, requestId, errors }: ProblemInput): Problem {
  return {
    type: `urn:evenkeel:problem:${code}`,
    title: STATUS_CODES[status] ?? "Error",
    status,
    detail,
    code,
    requestId,
    ...(errors === undefined ? {} : { errors }),
  };
}

export function sendProblem(res: Response, problem: Omit<ProblemInput, "requestId">): void {
  const body = toProblem({ ...problem, requestId: res.locals.requestId });
  res.status(problem.status).setHeader("Cache-Control", "no-store");
  res.type(PROBLEM_TYPE).end(JSON.stringify(body));
}
