import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { parseEnv } from "node:util";
import { paths } from "../../lib/paths.ts";
import { allProfiles } from "./compose-profiles.ts";
import { readBlock, withBlock, withoutBlock } from "./env-block.ts";

/** Kept in our block, so that `lab images --offline` holds for the next `lab up`, too. */
const MODE = "LAB_IMAGES";
/** Profiles that run, in our block only when some of them cannot; Compose reads it. */
const PROFILES = "COMPOSE_PROFILES";
/** Compose's own word for every profile. */
const ALL = "*";
/** Profiles that were looked for in vain, so that the next `lab up` need not. */
const WITHOUT = "LAB_WITHOUT";

function readEnv(): string {
  return existsSync(paths.env) ? readFileSync(paths.env, "utf8") : "";
}

/** The image a user named for a variable; our own block is not the user. */
export function chosenByUser(variable: string, text = readEnv(), env: NodeJS.ProcessEnv = process.env) {
  return saidByUser(variable, text, env) || undefined;
}

const saidByUser = (variable: string, text: string, env: NodeJS.ProcessEnv) =>
  env[variable] ?? parseEnv(withoutBlock(text))[variable];

/** The profiles a user wants: undefined when nothing (or `*`) is said, none when an empty list is. */
export function profilesByUser(text = readEnv(), env: NodeJS.ProcessEnv = process.env): string[] | undefined {
  const said = saidByUser(PROFILES, text, env);
  return said === undefined || words(said).includes(ALL) ? undefined : words(said);
}

const words = (list: string) =>
  list
    .split(",")
    .map((word) => word.trim())
    .filter(Boolean);

export interface RecordedChoices {
  /** Own images by variable. */
  images: Record<string, string>;
  offline: boolean;
  /** Profiles that run without, because their images could not be had. */
  without: string[];
}

/** What our block says now. */
export function recordedChoices(text = readEnv()): RecordedChoices {
  const { [MODE]: mode, [PROFILES]: _, [WITHOUT]: without = "", ...images } = readBlock(text);
  return { images, offline: mode === "offline", without: words(without) };
}

/** Makes `.env` from `.env.example` where there is none. @returns whether it did. */
export function ensureEnvFile(): boolean {
  if (existsSync(paths.env)) return false;
  writeFileSync(paths.env, existsSync(paths.envExample) ? readFileSync(paths.envExample, "utf8") : "");
  return true;
}

/** Notes our own images in `.env`, so that a plain `docker compose up` uses the same ones and the same profiles. */
export function recordChoices(choices: RecordedChoices): void {
  const before = readEnv();
  const after = withBlock(before, blockOf(choices, before, allProfiles()));
  // In place: owner, mode and a link to somewhere else stay as they are.
  if (after !== before) writeFileSync(paths.env, after);
}

/** The lines of our block. The profiles are those the file asks for, whatever this one run was told to bring up. */
export function blockOf(
  { images, offline, without }: RecordedChoices,
  text: string,
  all: string[],
): Record<string, string> {
  const active = (profilesByUser(text, {}) ?? all).filter((profile) => !without.includes(profile));
  return {
    ...images,
    ...(offline ? { [MODE]: "offline" } : {}),
    ...(without.length > 0 ? { [PROFILES]: active.join(","), [WITHOUT]: without.join(",") } : {}),
  };
}
