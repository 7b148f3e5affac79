import { z } from "zod";

/** Also the value of a header, a log field and a label, hence the narrow alphabet. */
export const Name = z.string().regex(/^[\w.-]{1,64}$/, "must be 1 to 64 letters, digits, '.', '_' or '-'");
export const milliseconds = (fallback: number) =>
  z.coerce.number().int().min(0).max(600_000).default(fallback);

const LIST = String.raw`[\w.-]+:\d{1,5}(,[\w.-]+:\d{1,5})*`;

/** `host:port` of each broker to begin with; the others are learned from it. kafkajs takes one apart at its colon. */
export const Brokers = z
  .string()
  .regex(new RegExp(`^${LIST}$`), "must be host:port, several separated by commas")
  .transform((list) => list.split(","));

/** The same, and the word `none` for an empty list. */
export const BrokersOrNone = z
  .string()
  .regex(new RegExp(`^(none|${LIST})$`), "must be host:port, several separated by commas, or the word none")
  .transform((list) => (list === "none" ? [] : list.split(",")));

/** Reads variables; throws an error whose message names every one that is wrong. */
export function readEnvironment<T>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv): T {
  // Compose passes unset variables on as empty strings.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Error(`The environment is not usable. Correct these variables: ${faults.join("; ")}.`);
}
