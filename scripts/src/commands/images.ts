import { LabError } from "../lib/errors.ts";
import { bytes, result, table } from "../lib/output.ts";
import { steps } from "../lib/progress.ts";
import { defineVerb } from "../lib/verb.ts";
import { ensureEngine } from "../runtime/engine.ts";
import { ensureImages, type ImageReport, imageReport } from "../runtime/images.ts";

const ORIGIN = {
  official: "official, pinned in docker-compose.yml",
  own: "built here from scripts/images",
  user: "named by you",
};

export default defineVerb({
  meta: {
    name: "images",
    description: "Show which images the lab uses; build its own, or ask the registry again",
    example: ["npm run lab:images", "npm run lab:images -- --offline", "npm run lab:images -- --pull"],
  },
  args: {
    offline: {
      type: "boolean",
      description: "Build own images from Debian packages, and use them from now on",
    },
    pull: { type: "boolean", description: "Pull the official images, and use them from now on" },
  },
  async run({ args }) {
    if (args.offline && args.pull)
      throw new LabError("--offline and --pull exclude each other.", {
        code: "usage",
        hint: "Give one of them.",
      });
    const mode = args.offline ? "offline" : args.pull ? "pull" : undefined;
    let images: ImageReport[] = [];
    await steps([
      { title: "Docker engine", run: async (step) => void (await ensureEngine(step)) },
      {
        title: "Images",
        run: async (step) => {
          images = mode ? await ensureImages(step, mode) : await imageReport();
        },
      },
    ]);
    result({ images }, () =>
      table(
        ["variable", "image", "origin", "size"],
        images.map(({ variable, ref, origin, size }) => [
          variable,
          ref,
          ORIGIN[origin],
          size === null ? "not here yet; npm run lab:up gets it" : bytes(size),
        ]),
      ),
    );
  },
});
