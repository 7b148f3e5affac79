import { execa } from "execa";
import { LabError, reason } from "../../lib/errors.ts";
import { interrupted } from "../../lib/interrupt.ts";
import type { Step } from "../../lib/progress.ts";
import { findImage, type StoredImage } from "../docker.ts";
import { aptInstall, aptUpdate, debianMirror } from "../engine/apt.ts";
import { debianLike, findProgram } from "../engine/facts.ts";
import { mayInstall } from "../settings.ts";
import { importWhole } from "./import-whole.ts";

const [REPO, SUITE] = ["evenkeel/base", "forky"];
/** The Debian image below all own images. */
export const BASE = `${REPO}:${SUITE}`;
const MINUTES = 10;
/** Debian's smallest system is about 120 MiB; an image below this is what a cut-off import left. */
const LEAST_BYTES = 20 * 1024 ** 2;

/** The base image, when it is here and can be one. */
export async function findBase(find = findImage): Promise<StoredImage | undefined> {
  const here = await find(BASE);
  return here && here.size >= LEAST_BYTES ? here : undefined;
}

/**
 * Makes the Debian base image from the distribution's own packages, unless it is here. Needs no registry.
 * @returns the image's id.
 * @throws LabError `image.base` on systems that have no way to make it, or where LAB_INSTALL=no forbids the tool.
 */
export async function ensureBase(step: Step): Promise<string> {
  const here = await findBase();
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
    if (!mayInstall()) throw forbidden();
    step.say("Installing mmdebstrap, which makes the base image.");
    await aptUpdate(step.progress);
    await aptInstall(["mmdebstrap", "debian-archive-keyring"], step.progress);
  }
  step.progress(`Debian ${SUITE}`);
  await bootstrap(step);
  const made = await findBase();
  if (!made) throw failure("what the engine imported is too small to be a Debian system");
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
  try {
    await importWhole(
      {
        tar: child.stdout,
        done: child,
        // Without a reader it would hang on a full pipe.
        stop: () => void child.kill(),
      },
      { repo: REPO ?? "", tag: SUITE ?? "", changes: ['CMD ["bash"]', "LABEL org.evenkeel.base=forky"] },
    );
  } catch (error) {
    interrupted.throwIfAborted();
    throw failure(said.slice(-8).join("\n") || reason(error));
  }
}

const forbidden = () =>
  new LabError(
    "No image registry can be reached; to build the lab's images mmdebstrap is needed, and LAB_INSTALL=no forbids to install it.",
    { code: "image.base", hint: "Install it yourself: apt-get install mmdebstrap debian-archive-keyring" },
  );

const failure = (why: string) =>
  new LabError(`The Debian base image could not be made: ${why}`, {
    code: "image.base",
    hint: "Check that this machine reaches its Debian mirror: apt-get update",
  });
