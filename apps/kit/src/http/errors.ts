import type { ErrorRequestHandler, RequestHandler } from "express";
import type { Logger } from "../logger.ts";
import { HttpError, type ProblemInput, sendProblem } from "./problem.ts";

/** What an error becomes on the wire; undefined where the app does not know the error. */
export type Describe = (error: unknown) => Omit<ProblemInput, "requestId"> | undefined;

/** Errors of Express' own parsers, told apart by their `type`. */
const PARSER: Readonly<Record<string, readonly [status: number, code: string, detail: string]>> = {
  "entity.parse.failed": [400, "request.json", "The body is not valid JSON."],
  "entity.too.large": [413, "request.too-large", "The body is larger than 16 KiB."],
  "encoding.unsupported": [415, "request.media-type", "Send the body without Content-Encoding."],
  "charset.unsupported": [415, "request.media-type", "Send the body in UTF-8."],
  "request.size.invalid": [400, "request.length", "The body is not as long as Content-Length says."],
  "request.aborted": [400, "request.aborted", "The request ended before its body did."],
};

/** Seconds after which a client may try again; the apps' own deadlines are of that size. */
const RETRY_AFTER = "1";

export const notFound: RequestHandler = (_req, res) => {
  sendProblem(res, { status: 404, code: "route.unknown", detail: "There is nothing at this address." });
};

/** Answers 405 with what the address does know. */
export function methodNotAllowed(allow: string): RequestHandler {
  return (_req, res) => {
    res.setHeader("Allow", allow);
    const detail = `This address knows ${allow}.`;
    sendProblem(res, { status: 405, code: "method.not-allowed", detail });
  };
}

/** The one place where errors become answers: a full record inside, a short sentence outside. */
export function handleErrors(log: Logger, describe: Describe): ErrorRequestHandler {
  return (error, _req, res, next) => {
    const problem = describe(error) ?? describeCommon(error);
    const { requestId } = res.locals;
    if (problem.status >= 500) log.error(`request failed: ${problem.code}`, error, { requestId });
    // Too late for another status: only ending the connection tells the client.
    if (res.headersSent) return next(error);
    if (problem.status === 503) res.setHeader("Retry-After", RETRY_AFTER);
    sendProblem(res, problem);
  };
}

function describeCommon(error: unknown): Omit<ProblemInput, "requestId"> {
  if (error instanceof HttpError) {
    return { status: error.status, code: error.code, detail: error.message, errors: error.errors };
  }
  const { type, status } = (error ?? {}) as { type?: unknown; status?: unknown };
  const known = typeof type === "string" ? PARSER[type] : undefined;
  if (known) return { status: known[0], code: known[1], detail: known[2] };
  if (typeof status === "number" && status >= 400 && status < 500) {
    return { status, code: "request.invalid", detail: "The request could not be understood." };
  }
  return {
    status: 500,
    code: "internal",
    detail: "Something went wrong in this replica. Its log has the request id.",
  };
}
