import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hashFiles } from "../lib/hash.ts";
import { paths } from "../lib/paths.ts";
import type { Step } from "../lib/progress.ts";
import { caBundle } from "./ca-bundle.ts";
import { findImage } from "./docker.ts";
import { chosenByUser } from "./images/choices.ts";
import { logged } from "./images/recipes.ts";

/** Name that docker-compose.yml gives to its own build. */
const SHOP = "evenkeel/shop:latest";
/** What the image is made of; more than goes into it does no harm, less would. */
const SOURCES = ["apps/shop", "apps/contracts", "package.json", "package-lock.json", "scripts/package.json"];
const RECORD = join(paths.lab, "shop-image.json");

/**
 * Builds the shop's image, unless it is here and made of the very same files.
 * @param nodeImage Image that the build starts from.
 * @throws LabError `image.build`.
 */
export async function buildShop(nodeImage: string, step: Step): Promise<void> {
  const named = chosenByUser("SHOP_IMAGE");
  if (named) return step.title(`Shop image ${named}, named by you`);
  const base = await findImage(nodeImage);
  const sources = await hashFiles(paths.root, SOURCES, base?.id ?? nodeImage);
  const now = await findImage(SHOP);
  if (now && base && (await recorded()) === `${sources} ${now.id}`)
    return step.title("Shop image is up to date");
  const ca = caBundle();
  const args = ["compose", "--project-directory", paths.root, "--progress", "plain", "build"];
  await logged("shop", args, step, ca ? { LAB_CA_FILE: ca } : {});
  await mkdir(paths.lab, { recursive: true });
  await writeFile(RECORD, JSON.stringify(`${sources} ${(await findImage(SHOP))?.id}`));
  step.title("Shop image built");
}

async function recorded(): Promise<string | undefined> {
  try {
    return JSON.parse(await readFile(RECORD, "utf8"));
  } catch {
    // None yet, or cut off by a crash: then it is built, which the engine's cache makes short.
    return undefined;
  }
}
