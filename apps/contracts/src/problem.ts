import { z } from "zod";

/** Error body of every route, `application/problem+json` (RFC 9457). Never carries a stack. */
export const Problem = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string(),
  /** Stable machine-readable reason, for example `stock.insufficient`. */
  code: z.string(),
  requestId: z.string().optional(),
  /** Which input was wrong, one entry per field. */
  errors: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;

export const PROBLEM_TYPE = "application/problem+json";
