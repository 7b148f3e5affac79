import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { paths } from "../lib/paths.ts";

const FILE = join(paths.lab, "first-start.json");

const FirstStart = z.object({
  /** From the first line of the set-up to the first answer through the door. */
  seconds: z.number().positive(),
  at: z.string(),
  images: z.array(z.string()),
});
export type FirstStart = z.infer<typeof FirstStart>;

/** Notes how long this clone's first start took, when the set-up (scripts/bootstrap.mjs) began from nothing. */
export function noteFirstStart(images: string[]): void {
  const since = Number(process.env.EVENKEEL_BARE_SINCE);
  if (!since || existsSync(FILE)) return;
  const first: FirstStart = { seconds: (Date.now() - since) / 1000, at: new Date().toISOString(), images };
  mkdirSync(paths.lab, { recursive: true });
  writeFileSync(FILE, JSON.stringify(first));
}

/** What was noted; null when this clone's dependencies were there before its first `lab up`. */
export function firstStart(): FirstStart | null {
  if (!existsSync(FILE)) return null;
  const parsed = FirstStart.safeParse(JSON.parse(readFileSync(FILE, "utf8")));
  return parsed.success ? parsed.data : null;
}
