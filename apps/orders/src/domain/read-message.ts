import { OrderMessage } from "@evenkeel/contracts";
import type { DeadLetter, DeathCause, RawMessage, ReadMessage } from "./ports.ts";

/** An order takes some 300 bytes. */
export const MAX_VALUE_BYTES = 16 * 1024;
/** Issues of one message that its reason names. */
const NAMED = 3;
const KNOWN_TYPES = OrderMessage.options.map(({ shape }) => shape.type.value);

/** The message as the contract knows it, or what is wrong with it. Never throws, whatever the bytes are. */
export function readMessage(raw: RawMessage): ReadMessage | DeadLetter {
  const { value } = raw;
  const dead = (cause: DeathCause, reason: string): DeadLetter => ({ raw, cause, reason });
  if (value === null) return dead("no-value", "The message has no value.");
  if (value.length > MAX_VALUE_BYTES) {
    return dead("oversized", `The value has ${value.length} bytes; ${MAX_VALUE_BYTES} are allowed.`);
  }
  let json: unknown;
  try {
    json = JSON.parse(value.toString("utf8"));
  } catch {
    return dead("not-json", "The value is not JSON.");
  }
  const type = (json as { type?: unknown } | null)?.type;
  if (typeof type === "string" && !(KNOWN_TYPES as string[]).includes(type)) {
    const shown = JSON.stringify(type.slice(0, 64));
    return dead("unknown-type", `The type ${shown} is not known; ${KNOWN_TYPES.join(" and ")} are.`);
  }
  const result = OrderMessage.safeParse(json);
  if (!result.success) {
    const faults = result.error.issues
      .slice(0, NAMED)
      .map(({ path, message }) => `${path.join(".") || "the whole"}: ${message}`);
    return dead("schema", `The value is not what the contract says: ${faults.join("; ")}.`);
  }
  // Half a surrogate pair would change on its way through the database and then contradict itself.
  if (!result.data.productId.isWellFormed()) {
    return dead("schema", "The value is not what the contract says: productId: not well-formed Unicode.");
  }
  return { raw, message: result.data };
}
