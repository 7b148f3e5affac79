import { LabError } from "./errors.ts";

/** A whole number from an option. @throws LabError `usage` as a full sentence. */
export function wholeNumber(option: string, text: string, from: number, to: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= from && value <= to))
    throw new LabError(`${option} must be a whole number from ${from} to ${to}, not "${text}".`, {
      code: "usage",
    });
  return value;
}
