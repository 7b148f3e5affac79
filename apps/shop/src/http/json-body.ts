import { HttpError } from "@evenkeel/kit/http/problem";
import express, { type RequestHandler } from "express";
import type { z } from "zod";

const MAX_BODY = 16 * 1024;
const MAX_ERRORS = 20;
const MAX_FIELD_NAME = 64;

const requireJson: RequestHandler = (req, _res, next) => {
  const type = req.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/json") return next();
  next(new HttpError(415, "request.media-type", "Send the body as Content-Type: application/json."));
};

/** Handlers before a route that takes JSON: 415, 413 and 400 for what is no JSON of a sane size. */
export const jsonBody: RequestHandler[] = [
  requireJson,
  // The type is checked above. Compressed bodies are refused: 16 kB can hide 16 MB.
  express.json({ limit: MAX_BODY, inflate: false, type: () => true }),
];

/** The body as its contract describes it; throws 400 with one entry per wrong field. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const errors = result.error.issues.flatMap(toErrors).slice(0, MAX_ERRORS);
  throw new HttpError(400, "request.invalid", "The body is not what this route expects; see errors.", errors);
}

function toErrors(issue: z.core.$ZodIssue): { path: string; message: string }[] {
  const parent = issue.path.map(String);
  if (issue.code !== "unrecognized_keys") return [{ path: parent.join("."), message: issue.message }];
  return issue.keys.map((key) => ({
    path: [...parent, key.slice(0, MAX_FIELD_NAME)].join("."),
    message: "This field is not known.",
  }));
}
