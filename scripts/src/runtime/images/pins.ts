import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { LabError, reason } from "../../lib/errors.ts";
import { paths } from "../../lib/paths.ts";

/** One image that docker-compose.yml lets the user choose. */
export interface ImagePin {
  /** `NGINX_IMAGE` */
  variable: string;
  /** Folder of the recipe that can stand in for it, `nginx`. */
  name: string;
  /** The official image, pinned in docker-compose.yml and nowhere else. */
  official: string;
  /** Name of our own build of it; never the official name. */
  own: string;
}

const PIN = /^\$\{(([A-Z0-9]+)_IMAGE):-([^}]+)\}$/;

/**
 * All images that come from outside: `${NAME_IMAGE:-ref}` anywhere in docker-compose.yml, except the name that a
 * service gives to its own build.
 * @throws LabError `compose.file` when the file is not YAML.
 */
export function imagePins(yaml: string = readFileSync(paths.composeFile, "utf8")): ImagePin[] {
  let file: { services?: Record<string, { image?: unknown; build?: unknown } | null> };
  try {
    file = parse(yaml, { merge: true }) ?? {};
  } catch (cause) {
    throw new LabError(`docker-compose.yml cannot be read: ${reason(cause)}`, {
      code: "compose.file",
      cause,
    });
  }
  const pins = new Map<string, ImagePin>();
  for (const service of Object.values(file.services ?? {})) {
    const { image, ...rest } = service ?? {};
    for (const text of strings(rest.build ? rest : { image, ...rest })) {
      const [, variable, word, official] = PIN.exec(text) ?? [];
      if (!variable || !word || !official) continue;
      const name = word.toLowerCase();
      const tag = /:([\w.-]+)$/.exec(official)?.[1] ?? "latest";
      pins.set(variable, { variable, name, official, own: `evenkeel/${name}:${tag}` });
    }
  }
  return [...pins.values()].sort((a, b) => a.name.localeCompare(b.name));
}

function strings(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return value && typeof value === "object" ? Object.values(value).flatMap(strings) : [];
}
