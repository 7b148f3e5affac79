import { handleErrors } from "@evenkeel/kit/http/errors";
import type { Logger } from "@evenkeel/kit/logger";
import type { ErrorRequestHandler } from "express";
import { BooksError } from "../domain/errors.ts";

/** The books' refusals are all of the kind that passes; all other errors are the same in every app. */
export function errorHandler(log: Logger): ErrorRequestHandler {
  return handleErrors(log, (error) =>
    error instanceof BooksError ? { status: 503, code: error.code, detail: error.message } : undefined,
  );
}
