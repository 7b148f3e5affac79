import type { ImagePin } from "./pins.ts";

/** auto: what is here, else pull, else build. offline: own builds only. pull: ask the registry first. */
export type ImageMode = "auto" | "offline" | "pull";

export type Origin = "official" | "own" | "user";

export interface ImageFacts {
  pin: ImagePin;
  /** What the user set, in the environment or in `.env` outside our block. */
  chosen: string | undefined;
  officialHere: boolean;
  ownHere: boolean;
  /** Our own build is older than its recipe. */
  ownStale: boolean;
}

export type ImageAction =
  | { action: "use"; ref: string; origin: Origin }
  /** Ask the registry; when it does not answer, use what is here or build. */
  | { action: "pull"; ref: string }
  | { action: "build"; ref: string };

/** What happens to one image. `registry` is false once it is known not to answer. */
export function decideImage(facts: ImageFacts, mode: ImageMode, registry = true): ImageAction {
  const { pin, chosen, officialHere, ownHere, ownStale } = facts;
  if (chosen) return { action: "use", ref: chosen, origin: "user" };
  const own: ImageAction =
    ownHere && !ownStale ? { action: "use", ref: pin.own, origin: "own" } : { action: "build", ref: pin.own };
  if (mode === "offline") return own;
  if (mode === "pull" && registry) return { action: "pull", ref: pin.official };
  if (officialHere) return { action: "use", ref: pin.official, origin: "official" };
  if (ownHere) return own;
  return registry ? { action: "pull", ref: pin.official } : own;
}
