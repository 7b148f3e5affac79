import { command } from "../../lib/command.ts";
import { findImage } from "../docker.ts";

/** Label with which a recipe says how its image tells its version, `nginx -v`. */
const ASK_LABEL = "org.evenkeel.ask-version";
/** Label with what the image answered. */
export const VERSION_LABEL = "org.evenkeel.version";

/**
 * Asks a finished own image what it really holds, and labels it with the answer: a recipe takes what Debian has,
 * which need not be the version in the tag.
 * @returns the version, undefined when the recipe does not say how to ask.
 */
export async function labelVersion(own: string): Promise<string | undefined> {
  const ask = (await findImage(own))?.labels[ASK_LABEL];
  if (!ask) return undefined;
  const run = ["run", "--rm", "--network", "none", "--user", "65534:65534", "--entrypoint", "sh", own];
  const answer = await command("docker", [...run, "-c", `${ask} 2>&1`], { timeoutMs: 30_000 });
  const version = versionIn(answer);
  if (!version) return undefined;
  await command("docker", ["buildx", "build", "--load", "--quiet", "--tag", own, "-"], {
    input: `FROM ${own}\nLABEL ${VERSION_LABEL}=${version}\n`,
    env: { DOCKER_BUILDKIT: "1" },
    timeoutMs: 60_000,
  });
  return version;
}

/** First dotted number in what a program says of itself: `nginx version: nginx/1.30.6`. */
export function versionIn(text: string): string | undefined {
  return /\d+(\.\d+)+/.exec(text)?.[0];
}

/** True when a version is one that the tag of a name means: `node:24-slim` means every 24. */
export function isVersionOf(version: string, ref: string): boolean {
  const wanted = /:v?(\d+(?:\.\d+)*)[^:/]*$/.exec(ref)?.[1];
  return wanted === undefined || `${version}.`.startsWith(`${wanted}.`);
}
