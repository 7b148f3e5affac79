import { setTimeout as wait } from "node:timers/promises";

/** Polls until the condition gives something other than undefined or false; rejects at the deadline. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadlineMs = 8000,
): Promise<Exclude<T, undefined | false>> {
  const start = performance.now();
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
    if (performance.now() - start > deadlineMs) throw new Error(`Waited ${deadlineMs} ms for: ${what}.`);
    await wait(5);
  }
}
