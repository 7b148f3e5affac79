import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hashFiles } from "../lib/hash.ts";
import { paths } from "../lib/paths.ts";
import type { Step } from "../lib/progress.ts";
import { caBundle } from "./ca-bundle.ts";
import { activeServices } from "./compose.ts";
import { findImage } from "./docker.ts";
import { chosenByUser } from "./images/choices.ts";
import { logged } from "./images/recipes.ts";

/** The images that docker-compose.yml builds from this checkout. */
const APPS = [
  { service: "app", folder: "apps/shop", variable: "SHOP_IMAGE", image: "evenkeel/shop:latest" },
  { service: "orders", folder: "apps/orders", variable: "ORDERS_IMAGE", image: "evenkeel/orders:latest" },
];
/** What each of them is made of beside its own folder; more than goes into it does no harm, less would. */
const SHARED = ["apps/contracts", "apps/kit", "package.json", "package-lock.json", "scripts/package.json"];
const RECORD = join(paths.lab, "app-images.json");

/**
 * Builds the images of our own apps that will run, except those that are here and made of the very same files.
 * @param nodeImage Image that the builds start from.
 * @throws LabError `image.build`.
 */
export async function buildApps(nodeImage: string, step: Step): Promise<void> {
  const services = await activeServices();
  const apps = APPS.filter(({ service, variable }) => services.includes(service) && !chosenByUser(variable));
  const before = await recorded();
  const states = await Promise.all(
    apps.map(async (app) => ({ ...app, sources: await sourcesOf(app.folder, nodeImage) })),
  );
  const stale: typeof states = [];
  for (const app of states) if ((await recordOf(app)) !== before[app.image]) stale.push(app);
  if (stale.length === 0) return step.title("The apps' images are up to date");
  const ca = caBundle();
  const args = ["compose", "--project-directory", paths.root, "--progress", "plain", "build"];
  await logged("apps", [...args, ...stale.map(({ service }) => service)], step, {
    COMPOSE_PROFILES: "*",
    ...(ca ? { LAB_CA_FILE: ca } : {}),
  });
  for (const app of stale) before[app.image] = await recordOf(app);
  await mkdir(paths.lab, { recursive: true });
  await writeFile(RECORD, JSON.stringify(before));
  step.title(`Built ${stale.map(({ image }) => image).join(" and ")}`);
}

async function sourcesOf(folder: string, nodeImage: string): Promise<string> {
  return hashFiles(paths.root, [folder, ...SHARED], (await findImage(nodeImage))?.id ?? nodeImage);
}

/** Sources and the image made of them; an image that is not here has no id, so it never equals a record. */
async function recordOf({ image, sources }: { image: string; sources: string }): Promise<string> {
  return `${sources} ${(await findImage(image))?.id ?? "is not here"}`;
}

async function recorded(): Promise<Record<string, string>> {
  try {
    return JSON.parse(await readFile(RECORD, "utf8"));
  } catch {
    // None yet, or cut off by a crash: then it is built, which the engine's cache makes short.
    return {};
  }
}
