import { execa } from "execa";
import { LabError, reason } from "../../lib/errors.ts";
import { interrupted } from "../../lib/interrupt.ts";
import type { Step } from "../../lib/progress.ts";
import { findImage, importImage } from "../docker.ts";
import { aptInstall, aptUpdate, debianMirror } from "../engine/apt.ts";
import { debianLike, findProgram } from "../engine/facts.ts";

const [REPO, SUITE] = ["evenkeel/base", "forky"];
/** The Debian image below all own images. */
export const BASE = `${REPO}:${SUITE}`;
const MINUTES = 10;

/**
 * Makes the Debian base image from the distribution's own packages, unless it is here. Needs no registry.
 * @returns the image's id.
 * @throws LabError `image.base` on systems that have no way to make it.
 */
export async function ensureBase(step: Step): Promise<string> {
  const here = await findImage(BASE);
  if (here) return here.id;
  const root = process.getuid?.() === 0;
  if (!debianLike() || !root)
    throw new LabError(
      "No image registry can be reached, and without one the lab's images can be built only on Debian or Ubuntu as root.",
      {
        code: "image.base",
        hint: debianLike()
          ? "Run the same command with sudo, or connect this machine to an image registry."
          : "Connect this machine to an image registry, or name images you have: NGINX_IMAGE=…, REDIS_IMAGE=…, NODE_IMAGE=… in .env",
      },
    );
  if (!findProgram("mmdebstrap")) {
    step.say("Installing mmdebstrap, which makes the base image.");
    await aptUpdate(step.progress);
    await aptInstall(["mmdebstrap", "debian-archive-keyring"], step.progress);
  }
  step.progress(`Debian ${SUITE}`);
  await bootstrap(step);
  const made = await findImage(BASE);
  if (!made) throw failure("the engine imported it, but does not list it");
  return made.id;
}

async function bootstrap(step: Step): Promise<void> {
  const mirror = debianMirror();
  const child = execa(
    "mmdebstrap",
    [
      "--variant=minbase",
      "--include=ca-certificates",
      // A mirror can be past its Valid-Until; the signatures are checked all the same.
      '--aptopt=Acquire::Check-Valid-Until "false"',
      SUITE,
      "-",
      ...(mirror ? [mirror] : []),
    ],
    {
      encoding: "buffer",
      buffer: { stdout: false },
      cancelSignal: interrupted,
      timeout: MINUTES * 60_000,
      stdin: "ignore",
    },
  );
  const said: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    for (const line of chunk.split(/[\r\n]+/).filter((text) => text.trim())) {
      said.push(line);
      step.progress(line.replace(/^I: /, ""));
    }
  });
  const changes = ['CMD ["bash"]', "LABEL org.evenkeel.base=forky"];
  try {
    await Promise.all([child, importImage(child.stdout, REPO ?? "", SUITE ?? "", changes)]);
  } catch (error) {
    interrupted.throwIfAborted();
    throw failure(said.slice(-8).join("\n") || reason(error));
  }
}

const failure = (why: string) =>
  new LabError(`The Debian base image could not be made: ${why}`, {
    code: "image.base",
    hint: "Check that this machine reaches its Debian mirror: apt-get update",
  });
