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
  /** Profiles that need it; none when the core does, so that there is no lab without it. */
  profiles: string[];
}

const PIN = /^\$\{(([A-Z0-9_]+)_IMAGE):-([^}]+)\}$/;

/**
 * All images that come from outside: `${NAME_IMAGE:-ref}` anywhere in docker-compose.yml, except the name that a
 * service gives to its own build.
 * @throws LabError `compose.file` when the file is not YAML.
 */
export function imagePins(yaml: string = readFileSync(paths.composeFile, "utf8")): ImagePin[] {
  let file: {
    services?: Record<string, { image?: unknown; build?: unknown; profiles?: string[] } | null>;
  };
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
    const { image, profiles = [], ...rest } = service ?? {};
    for (const text of strings(rest.build ? rest : { image, ...rest })) {
      const [, variable, word, official] = PIN.exec(text) ?? [];
      if (!variable || !word || !official) continue;
      const name = word.toLowerCase().replaceAll("_", "-");
      const tag = /:([\w.-]+)$/.exec(official)?.[1] ?? "latest";
      const others = pins.get(variable)?.profiles;
      const shared = others?.length === 0 || profiles.length === 0 ? [] : [...(others ?? []), ...profiles];
      const own = `evenkeel/${name}:${tag}`;
      pins.set(variable, { variable, name, official, own, profiles: [...new Set(shared)] });
    }
  }
  return [...pins.values()].sort((a, b) => a.name.localeCompare(b.name));
}

function strings(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return value && typeof value === "object" ? Object.values(value).flatMap(strings) : [];
}
