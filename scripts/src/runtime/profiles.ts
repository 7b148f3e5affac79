import { profilesByUser, recordedChoices } from "./images/choices.ts";
import { allProfiles } from "./images/compose-profiles.ts";

/** The profiles that are wanted: those of COMPOSE_PROFILES, all when it is not set. */
export const wantedProfiles = (): string[] => profilesByUser() ?? allProfiles();

/** The profiles that run: those wanted, except where an image could not be had. */
export function activeProfiles(): string[] {
  const { without } = recordedChoices();
  return wantedProfiles().filter((profile) => !without.includes(profile));
}
