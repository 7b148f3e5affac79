import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { paths } from "../../lib/paths.ts";

/** Every profile of docker-compose.yml: what can run beside the core. */
export function allProfiles(yaml = readFileSync(paths.composeFile, "utf8")): string[] {
  const { services = {} } = parse(yaml, { merge: true }) as {
    services?: Record<string, { profiles?: string[] } | null>;
  };
  return [...new Set(Object.values(services).flatMap((service) => service?.profiles ?? []))];
}
