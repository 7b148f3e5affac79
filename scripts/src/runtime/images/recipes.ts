import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "../../lib/command.ts";
import { LabError } from "../../lib/errors.ts";
import { hashFiles } from "../../lib/hash.ts";
import { note } from "../../lib/output.ts";
import { paths } from "../../lib/paths.ts";
import type { Step } from "../../lib/progress.ts";
import { caBundle } from "../ca-bundle.ts";
import { BASE } from "./base.ts";
import { copyHostParts, hostPartVersions } from "./host-parts.ts";
import type { ImagePin } from "./pins.ts";
import { isVersionOf, labelVersion } from "./real-version.ts";

/** Label that tells from which recipe on which base an image was built. */
export const RECIPE_LABEL = "org.evenkeel.recipe";
const BUILD_MINUTES = 20;
const LAST_LINES = 20;

export const hasRecipe = (name: string): boolean => existsSync(join(paths.recipes, name, "Dockerfile"));

/** The error for an image that no recipe can stand in for. */
export const noRecipe = ({ name, variable }: Pick<ImagePin, "name" | "variable">) =>
  new LabError(`There is no recipe for "${name}": scripts/images/${name}/Dockerfile is missing.`, {
    code: "image.no-recipe",
    hint: `Name an image yourself: ${variable}=… in .env`,
  });

/** What an own image depends on: every byte of its recipe, the base image, and what is copied from this machine. */
export async function recipeHash(name: string, baseId: string): Promise<string> {
  return hashFiles(paths.recipes, [name], `${baseId} ${await hostPartVersions(await dockerfileOf(name))}`);
}

/**
 * Builds an own image. Layers of an interrupted build are kept by the engine, so the next try goes on from there.
 * @throws LabError `image.build` with the last lines of the build's log.
 */
export async function buildRecipe(pin: ImagePin, baseId: string, step: Step): Promise<void> {
  const label = `${RECIPE_LABEL}=${await recipeHash(pin.name, baseId)}`;
  const context = await mkdtemp(join(tmpdir(), "evenkeel-build-"));
  try {
    await cp(join(paths.recipes, pin.name), context, { recursive: true });
    await copyHostParts(await dockerfileOf(pin.name), context);
    const ca = caBundle() ?? join(paths.recipes, "no-ca.pem");
    await logged(
      pin.name,
      ["buildx", "build", "--load", "--progress", "plain", "--tag", pin.own, "--label", label].concat([
        "--build-arg",
        `BASE=${BASE}`,
        "--secret",
        `id=ca,src=${ca}`,
        context,
      ]),
      step,
    );
    const version = await labelVersion(pin.own);
    if (version && !isVersionOf(version, pin.own))
      note(`${pin.own} holds version ${version}: Debian has no other at the moment.`);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

/** Runs a docker build with its whole output in `.lab/logs/<name>.log`. */
export async function logged(
  name: string,
  args: string[],
  step: Step,
  env: Record<string, string> = {},
): Promise<void> {
  await mkdir(paths.logs, { recursive: true });
  const file = join(paths.logs, `${name}.log`);
  const lines: string[] = [];
  try {
    await command("docker", args, {
      cwd: paths.root,
      timeoutMs: BUILD_MINUTES * 60_000,
      env: { DOCKER_BUILDKIT: "1", BUILDKIT_PROGRESS: "plain", ...env },
      onLine: (line) => {
        lines.push(line);
        if (line.trim()) step.progress(line.trim());
      },
    });
  } catch (cause) {
    if (!(cause instanceof LabError)) throw cause;
    throw new LabError(
      `The image "${name}" could not be built. The build's last lines:\n${last(lines) || cause.message}`,
      {
        code: "image.build",
        hint: `The whole log: ${file}. Layers that were finished are kept; try again with: npm run lab:up`,
        cause,
      },
    );
  } finally {
    await writeFile(file, `${lines.join("\n")}\n`);
  }
}

const last = (lines: string[]) =>
  lines
    .filter((line) => line.trim())
    .slice(-LAST_LINES)
    .join("\n");

const dockerfileOf = (name: string) => readFile(join(paths.recipes, name, "Dockerfile"), "utf8");
