import { LabError } from "../lib/errors.ts";
import { bytes, result, table } from "../lib/output.ts";
import { steps } from "../lib/progress.ts";
import { defineVerb } from "../lib/verb.ts";
import { ensureEngine } from "../runtime/engine.ts";
import { ensureImages, type ImageReport, imageReport, isVersionOf } from "../runtime/images.ts";

const ORIGIN = {
  official: "official, pinned in docker-compose.yml",
  own: "built here from scripts/images",
  user: "named by you",
};

export default defineVerb({
  meta: {
    name: "images",
    description: "Show which images the lab uses; get them, build its own, or ask the registry again",
    example: [
      "npm run lab:images",
      "npm run lab:images -- --get",
      "npm run lab:images -- --offline",
      "npm run lab:images -- --pull",
    ],
  },
  args: {
    get: {
      type: "boolean",
      description: "Pull or build what is missing, as lab:up does, without starting the lab",
    },
    offline: {
      type: "boolean",
      description: "Build own images from Debian packages, and use them from now on",
    },
    pull: { type: "boolean", description: "Pull the official images, and use them from now on" },
  },
  async run({ args }) {
    const { get, offline, pull } = args;
    if ([get, offline, pull].filter(Boolean).length > 1)
      throw new LabError("--get, --offline and --pull exclude each other.", {
        code: "usage",
        hint: "Give one of them.",
      });
    let images: ImageReport[] = [];
    await steps([
      { title: "Docker engine", run: async (step) => void (await ensureEngine(step)) },
      {
        title: "Images",
        run: async (step) => {
          if (offline || pull) images = await ensureImages(step, offline ? "offline" : "pull");
          else images = get ? await ensureImages(step) : await imageReport();
        },
      },
    ]);
    result({ images }, () =>
      table(
        ["variable", "image", "origin", "size"],
        images.map(({ variable, ref, origin, size, version }) => [
          variable,
          ref,
          version && !isVersionOf(version, ref) ? `${ORIGIN[origin]}; it is ${version}` : ORIGIN[origin],
          size === null ? missing(origin) : bytes(size),
        ]),
      ),
    );
  },
});

const missing = (origin: ImageReport["origin"]) =>
  origin === "user" ? "not here yet; npm run lab:up pulls it" : "not here yet; npm run lab:images -- --get";
