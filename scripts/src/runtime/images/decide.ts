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
  /** There is a recipe in scripts/images. */
  recipe: boolean;
}

export type ImageAction =
  | { action: "use"; ref: string; origin: Origin }
  /** Ask the registry; when it does not answer, use what is here or build. */
  | { action: "pull"; ref: string }
  | { action: "build"; ref: string }
  /** Nobody can make it here; without a registry the lab runs without it, or not at all. */
  | { action: "none"; ref: string };

/** What happens to one image. `registry` is false once it is known not to answer. */
export function decideImage(facts: ImageFacts, mode: ImageMode, registry = true): ImageAction {
  const { pin, chosen, officialHere, ownHere, ownStale, recipe } = facts;
  if (chosen) return { action: "use", ref: chosen, origin: "user" };
  const build: ImageAction = { action: recipe ? "build" : "none", ref: recipe ? pin.own : pin.official };
  const own: ImageAction = ownHere && !ownStale ? { action: "use", ref: pin.own, origin: "own" } : build;
  if (mode === "offline") return own.action === "none" && officialHere ? official(pin) : own;
  if (mode === "pull" && registry) return { action: "pull", ref: pin.official };
  if (officialHere) return official(pin);
  if (ownHere) return own;
  return registry ? { action: "pull", ref: pin.official } : own;
}

const official = (pin: ImagePin): ImageAction => ({ action: "use", ref: pin.official, origin: "official" });
