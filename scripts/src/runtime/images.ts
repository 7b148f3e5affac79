import { LabError } from "../lib/errors.ts";
import { note } from "../lib/output.ts";
import type { Step, StepTask } from "../lib/progress.ts";
import { findImage } from "./docker.ts";
import { BASE, ensureBase, findBase } from "./images/base.ts";
import {
  chosenByUser,
  ensureEnvFile,
  type RecordedChoices,
  recordChoices,
  recordedChoices,
} from "./images/choices.ts";
import { decideImage, type ImageFacts, type ImageMode, type Origin } from "./images/decide.ts";
import { type ImagePin, imagePins } from "./images/pins.ts";
import { Puller, REACH_MS, RegistryUnreachable } from "./images/pull.ts";
import { VERSION_LABEL } from "./images/real-version.ts";
import { buildRecipe, hasRecipe, noRecipe, RECIPE_LABEL, recipeHash } from "./images/recipes.ts";
import { activeProfiles, wantedProfiles } from "./profiles.ts";

export { isVersionOf } from "./images/real-version.ts";

/** Builds at a time: more would only fight for the same cores and the same mirror. */
const BUILDS = 2;

/** Which image stands behind a variable of docker-compose.yml. */
export interface ImageReport {
  variable: string;
  ref: string;
  origin: Origin;
  /** Bytes; null when the engine does not have it yet (Compose will pull what a user named). */
  size: number | null;
  /** What an own build really holds, which need not be what its tag says; null for images of others. */
  version: string | null;
}

/** The pins of the core and of these profiles. */
const pinsFor = (profiles: string[]) =>
  imagePins().filter(
    (pin) => pin.profiles.length === 0 || pin.profiles.some((one) => profiles.includes(one)),
  );

/** The images that the next `up` would use, as far as they are here. Changes nothing. */
export async function imageReport(): Promise<ImageReport[]> {
  const { images } = recordedChoices();
  return Promise.all(
    pinsFor(activeProfiles()).map(async (pin) => {
      const chosen = chosenByUser(pin.variable);
      const ref = chosen ?? images[pin.variable] ?? pin.official;
      return report(pin.variable, ref, chosen ? "user" : ref === pin.own ? "own" : "official");
    }),
  );
}

/**
 * Makes every image of docker-compose.yml available: what is here is used, else it is pulled, else built from
 * `scripts/images`. Own images are noted in `.env`. Where neither can be done for an image of a profile, the lab
 * runs without that profile, says so, and notes it, so that the next time it need not look again.
 * @param asked undefined: as last time (`lab images --offline` holds until `--pull`).
 * @throws LabError when an image of the core cannot be had.
 */
export async function ensureImages(step: Step, asked?: ImageMode): Promise<ImageReport[]> {
  if (ensureEnvFile()) step.say("Made .env from .env.example.");
  const recorded = recordedChoices();
  const mode = asked ?? (recorded.offline ? "offline" : "auto");
  const wanted = wantedProfiles();
  const all = await Promise.all(pinsFor(wanted).map(gather));
  const chosen = new Map<string, { ref: string; origin: Origin }>();
  const missing = new Map<string, string>();
  const toBuild: ImagePin[] = [];
  let unreachable: RegistryUnreachable | undefined;

  function take({ pin }: ImageFacts, next: ReturnType<typeof decideImage>): void {
    if (next.action === "use") chosen.set(pin.variable, next);
    else if (next.action === "build") toBuild.push(pin);
    else giveUp(pin, `${pin.official} can only be had from an image registry.`);
  }

  function giveUp(pin: ImagePin, why: string, cause?: LabError): void {
    if (pin.profiles.length === 0) throw cause ?? noRecipe(pin);
    for (const profile of pin.profiles) if (!missing.has(profile)) missing.set(profile, why);
  }

  const puller = new Puller(REACH_MS[mode]);
  const pulls = all.flatMap((facts): StepTask[] => {
    const lookedBefore = mode === "auto" && facts.pin.profiles.some((one) => recorded.without.includes(one));
    const next = decideImage(facts, mode, !lookedBefore);
    if (next.action !== "pull") take(facts, next);
    return next.action === "pull" ? [pullTask(facts, next.ref)] : [];
  });

  function pullTask(facts: ImageFacts, ref: string): StepTask {
    return {
      title: `Pull ${ref}`,
      run: async (pulling) => {
        try {
          await puller.pull(ref, pulling);
          chosen.set(facts.pin.variable, { ref, origin: "official" });
          pulling.title(`Pulled ${ref}`);
        } catch (error) {
          if (!(error instanceof RegistryUnreachable)) throw error;
          unreachable = error;
          const next = decideImage(facts, mode, false);
          take(facts, next);
          pulling.title(
            next.action === "use"
              ? `${ref} cannot be pulled, ${next.ref} is here`
              : `${ref} cannot be pulled`,
          );
        }
      },
    };
  }

  if (pulls.length > 0) await step.steps(pulls, { concurrent: pulls.length });
  if (toBuild.length > 0) {
    const names = toBuild.map(({ own }) => own).join(", ");
    note(
      unreachable
        ? `No image registry can be used, so the lab builds its own images from packages: ${names}. (${unreachable.message})`
        : `The lab builds its own images from packages: ${names}.`,
    );
    const failed = await build(toBuild, all, step, mode, unreachable);
    for (const pin of toBuild) {
      const error = failed.get(pin);
      if (error) giveUp(pin, `${pin.own} could not be built: ${error.message.split("\n")[0]}`, error);
      else chosen.set(pin.variable, { ref: pin.own, origin: "own" });
    }
  }
  sayMissing(missing, recorded.without);
  recordChoices(remembered(recorded, all, chosen, wanted, [...missing.keys()], mode));
  const reports = await Promise.all([...chosen].map(([name, { ref, origin }]) => report(name, ref, origin)));
  return reports.sort((a, b) => a.variable.localeCompare(b.variable));
}

/** What was found this time, beside what is known of images and profiles that nobody asked for this time. */
function remembered(
  before: RecordedChoices,
  looked: ImageFacts[],
  chosen: Map<string, { ref: string; origin: Origin }>,
  wanted: string[],
  missing: string[],
  mode: ImageMode,
): RecordedChoices {
  // Who asks the registry again starts with a clean slate.
  const images = mode === "pull" ? {} : { ...before.images };
  for (const { pin } of looked) {
    const found = chosen.get(pin.variable);
    // Named for this one run only: what is noted stays. Named in the file: our note would overrule it.
    const onlyNow = found?.origin === "user" && process.env[pin.variable] !== undefined;
    if (found?.origin === "own") images[pin.variable] = found.ref;
    else if (!onlyNow) delete images[pin.variable];
  }
  const notAsked = mode === "pull" ? [] : before.without.filter((profile) => !wanted.includes(profile));
  return { images, offline: mode === "offline", without: [...new Set([...notAsked, ...missing])].sort() };
}

/** One line, and only when it is news: whoever runs `up` every day knows. */
function sayMissing(missing: Map<string, string>, before: string[]): void {
  const news = [...missing].filter(([profile]) => !before.includes(profile));
  if (news.length === 0) return;
  const [names, reasons] = [news.map(([profile]) => profile), [...new Set(news.map(([, why]) => why))]];
  note(
    `The lab runs without ${names.join(" and ")}: ${reasons.join(" ")} (To look again: npm run lab:images -- --pull)`,
  );
}

async function build(
  pins: ImagePin[],
  facts: ImageFacts[],
  step: Step,
  mode: ImageMode,
  why?: LabError,
): Promise<Map<ImagePin, LabError>> {
  const failed = new Map<ImagePin, LabError>();
  let base = "";
  await step.steps([
    {
      title: `Debian base image ${BASE}`,
      run: async (making) => {
        try {
          base = await ensureBase(making);
        } catch (error) {
          if (!(error instanceof LabError)) throw error;
          const optional = pins.every(({ profiles }) => profiles.length > 0);
          if (optional) for (const pin of pins) failed.set(pin, error);
          if (optional) return making.title(`No Debian base image: ${error.message}`);
          if (!why) throw error;
          const hint = error.hint ? { hint: error.hint } : {};
          throw new LabError(`${error.message} (${why.message})`, {
            code: error.code,
            cause: error,
            ...hint,
          });
        }
      },
    },
  ]);
  if (failed.size > 0) return failed;
  const tasks = pins.map((pin) => ({
    title: `Build ${pin.own}`,
    run: async (building: Step) => {
      try {
        await buildRecipe(pin, base, building);
      } catch (error) {
        // An old build is better than no lab, when the mirror is away.
        const old = facts.find((one) => one.pin.variable === pin.variable)?.ownHere;
        if (!(error instanceof LabError)) throw error;
        if (!old || mode === "offline") {
          if (pin.profiles.length === 0) throw error;
          failed.set(pin, error);
          return building.title(`${pin.own} could not be built`);
        }
        note(
          `${pin.own} is older than its recipe and could not be built anew; the old one is used. ${error.hint}`,
        );
      }
    },
  }));
  await step.steps(tasks, { concurrent: BUILDS });
  return failed;
}

async function gather(pin: ImagePin): Promise<ImageFacts> {
  const [official, own, base] = await Promise.all([findImage(pin.official), findImage(pin.own), findBase()]);
  const recipe = hasRecipe(pin.name);
  const hash = recipe && own && base ? await recipeHash(pin.name, base.id) : undefined;
  return {
    pin,
    chosen: chosenByUser(pin.variable),
    officialHere: official !== undefined,
    ownHere: own !== undefined,
    ownStale: hash !== undefined && own?.labels[RECIPE_LABEL] !== hash,
    recipe,
  };
}

async function report(variable: string, ref: string, origin: Origin): Promise<ImageReport> {
  const image = await findImage(ref);
  const version = image?.labels[VERSION_LABEL] ?? null;
  return { variable, ref, origin, size: image?.size ?? null, version };
}
