import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { paths } from "../../lib/paths.ts";
import { readBlock, withBlock, withoutBlock } from "./env-block.ts";

/** Kept in our block, so that `lab images --offline` holds for the next `lab up`, too. */
const MODE = "LAB_IMAGES";

function readEnv(): string {
  return existsSync(paths.env) ? readFileSync(paths.env, "utf8") : "";
}

/** The image a user named for a variable; our own block is not the user. */
export function chosenByUser(variable: string, text = readEnv(), env: NodeJS.ProcessEnv = process.env) {
  const value = env[variable] ?? parseEnv(withoutBlock(text))[variable];
  return value === "" ? undefined : value;
}

/** What our block says now. */
export function recordedChoices(): { images: Record<string, string>; offline: boolean } {
  const { [MODE]: mode, ...images } = readBlock(readEnv());
  return { images, offline: mode === "offline" };
}

/** Makes `.env` from `.env.example` where there is none. @returns whether it did. */
export function ensureEnvFile(): boolean {
  if (existsSync(paths.env)) return false;
  writeFileSync(paths.env, existsSync(paths.envExample) ? readFileSync(paths.envExample, "utf8") : "");
  return true;
}

/** Notes our own images in `.env`, so that a plain `docker compose up` uses the same ones. */
export function recordChoices(images: Record<string, string>, offline: boolean): void {
  const before = readEnv();
  const after = withBlock(before, { ...images, ...(offline ? { [MODE]: "offline" } : {}) });
  // In place: owner, mode and a link to somewhere else stay as they are.
  if (after !== before) writeFileSync(paths.env, after);
}
