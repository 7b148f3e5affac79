import { LabError } from "../lib/errors.ts";
import { note } from "../lib/output.ts";
import type { Step, StepTask } from "../lib/progress.ts";
import { findImage } from "./docker.ts";
import { BASE, ensureBase, findBase } from "./images/base.ts";
import { chosenByUser, ensureEnvFile, recordChoices, recordedChoices } from "./images/choices.ts";
import { decideImage, type ImageFacts, type ImageMode, type Origin } from "./images/decide.ts";
import { type ImagePin, imagePins } from "./images/pins.ts";
import { Puller, REACH_MS, RegistryUnreachable } from "./images/pull.ts";
import { VERSION_LABEL } from "./images/real-version.ts";
import { buildRecipe, RECIPE_LABEL, recipeHash } from "./images/recipes.ts";

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

/** The images that the next `up` would use, as far as they are here. Changes nothing. */
export async function imageReport(): Promise<ImageReport[]> {
  const { images } = recordedChoices();
  return Promise.all(
    imagePins().map(async (pin) => {
      const chosen = chosenByUser(pin.variable);
      const ref = chosen ?? images[pin.variable] ?? pin.official;
      return report(pin.variable, ref, chosen ? "user" : ref === pin.own ? "own" : "official");
    }),
  );
}

/**
 * Makes every image of docker-compose.yml available: what is here is used, else it is pulled, else built from
 * `scripts/images`. Own images are noted in `.env`.
 * @param asked undefined: as last time (`lab images --offline` holds until `--pull`).
 */
export async function ensureImages(step: Step, asked?: ImageMode): Promise<ImageReport[]> {
  if (ensureEnvFile()) step.say("Made .env from .env.example.");
  const mode = asked ?? (recordedChoices().offline ? "offline" : "auto");
  const all = await Promise.all(imagePins().map(gather));
  const chosen = new Map<string, { ref: string; origin: Origin }>();
  const toBuild: ImagePin[] = [];

  const pulls = all.flatMap((facts): StepTask[] => {
    const next = decideImage(facts, mode);
    if (next.action === "use") chosen.set(facts.pin.variable, next);
    else if (next.action === "build") toBuild.push(facts.pin);
    else return [pullTask(facts, next.ref)];
    return [];
  });
  let unreachable: RegistryUnreachable | undefined;
  const puller = new Puller(REACH_MS[mode]);

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
          if (next.action === "use") chosen.set(facts.pin.variable, next);
          else toBuild.push(facts.pin);
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
        ? `No image registry can be used, so the lab builds its own images from Debian packages: ${names}. (${unreachable.message})`
        : `The lab builds its own images from Debian packages: ${names}.`,
    );
    await build(toBuild, all, step, mode, unreachable);
    for (const pin of toBuild) chosen.set(pin.variable, { ref: pin.own, origin: "own" });
  }
  const own = [...chosen]
    .filter(([, { origin }]) => origin === "own")
    .map(([name, { ref }]) => [name, ref] as const);
  recordChoices(Object.fromEntries(own), mode === "offline");
  const reports = await Promise.all([...chosen].map(([name, { ref, origin }]) => report(name, ref, origin)));
  return reports.sort((a, b) => a.variable.localeCompare(b.variable));
}

async function build(
  pins: ImagePin[],
  facts: ImageFacts[],
  step: Step,
  mode: ImageMode,
  why?: LabError,
): Promise<void> {
  let base = "";
  await step.steps([
    {
      title: `Debian base image ${BASE}`,
      run: async (making) => {
        try {
          base = await ensureBase(making);
        } catch (error) {
          if (!why || !(error instanceof LabError)) throw error;
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
  const tasks = pins.map((pin) => ({
    title: `Build ${pin.own}`,
    run: async (building: Step) => {
      try {
        await buildRecipe(pin, base, building);
      } catch (error) {
        // An old build is better than no lab, when the mirror is away.
        const old = facts.find((one) => one.pin.variable === pin.variable)?.ownHere;
        if (!old || mode === "offline" || !(error instanceof LabError)) throw error;
        note(
          `${pin.own} is older than its recipe and could not be built anew; the old one is used. ${error.hint}`,
        );
      }
    },
  }));
  await step.steps(tasks, { concurrent: BUILDS });
}

async function gather(pin: ImagePin): Promise<ImageFacts> {
  const [official, own, base] = await Promise.all([findImage(pin.official), findImage(pin.own), findBase()]);
  const recipe = own && base ? await recipeHash(pin.name, base.id) : undefined;
  return {
    pin,
    chosen: chosenByUser(pin.variable),
    officialHere: official !== undefined,
    ownHere: own !== undefined,
    ownStale: recipe !== undefined && own?.labels[RECIPE_LABEL] !== recipe,
  };
}

async function report(variable: string, ref: string, origin: Origin): Promise<ImageReport> {
  const image = await findImage(ref);
  const version = image?.labels[VERSION_LABEL] ?? null;
  return { variable, ref, origin, size: image?.size ?? null, version };
}
