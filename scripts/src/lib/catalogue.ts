import { readdir } from "node:fs/promises";
import { basename } from "node:path";
import { LabError, reason } from "./errors.ts";
import { nearest } from "./nearest.ts";

/** The files of a folder as ids: `port-taken.ts` → `port-taken`. Nothing is loaded yet. */
export async function catalogueIds(folder: URL): Promise<string[]> {
  const files = await readdir(folder);
  return files
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
    .map((file) => basename(file, ".ts"))
    .sort();
}

/**
 * Loads the default export of one file of a folder. The file name is the id.
 * @param check Turns the export into `T`, or throws with what is wrong about it.
 * @throws LabError `catalogue.unknown` with the known ids, nearest first; `catalogue.broken`.
 */
export async function loadEntry<T>(
  folder: URL,
  id: string,
  check: (exported: unknown, id: string) => T,
  kind = "entry",
): Promise<T> {
  const ids = await catalogueIds(folder);
  if (!ids.includes(id)) throw unknown(kind, id, ids);
  try {
    const module = (await import(new URL(`${id}.ts`, folder).href)) as { default?: unknown };
    return check(module.default, id);
  } catch (cause) {
    if (cause instanceof LabError) throw cause;
    throw new LabError(`The ${kind} in ${id}.ts cannot be used: ${reason(cause)}`, {
      code: "catalogue.broken",
      cause,
    });
  }
}

/** Loads every file of a folder, by id. A new file is a new entry; there is no list to edit. */
export async function loadCatalogue<T>(
  folder: URL,
  check: (exported: unknown, id: string) => T,
  kind = "entry",
): Promise<Map<string, T>> {
  const ids = await catalogueIds(folder);
  const entries = await Promise.all(
    ids.map(async (id) => [id, await loadEntry(folder, id, check, kind)] as const),
  );
  return new Map(entries);
}

/** The error for a word nobody knows. */
export function unknown(kind: string, word: string, known: string[]): LabError {
  const [first, ...others] = nearest(word, known);
  return new LabError(`There is no ${kind} "${word}".`, {
    code: "catalogue.unknown",
    hint: first ? `Nearest is "${first}"; known are also: ${others.join(", ") || "none"}.` : "None is known.",
  });
}
