import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { paths } from "../lib/paths.ts";
import { profilesByUser, recordedChoices } from "./images/choices.ts";

/** Every profile of docker-compose.yml: what can run beside the core. */
export function allProfiles(yaml = readFileSync(paths.composeFile, "utf8")): string[] {
  const { services = {} } = parse(yaml, { merge: true }) as {
    services?: Record<string, { profiles?: string[] } | null>;
  };
  return [...new Set(Object.values(services).flatMap((service) => service?.profiles ?? []))];
}

/** The profiles that are wanted: those of COMPOSE_PROFILES, all when it is not set. */
export const wantedProfiles = (): string[] => profilesByUser() ?? allProfiles();

/** The profiles that run: those wanted, except where an image could not be had. */
export function activeProfiles(): string[] {
  const { without } = recordedChoices();
  return wantedProfiles().filter((profile) => !without.includes(profile));
}
