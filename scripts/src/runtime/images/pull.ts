import { LabError, reason } from "../../lib/errors.ts";
import { interrupted } from "../../lib/interrupt.ts";
import { bytes } from "../../lib/output.ts";
import type { Step } from "../../lib/progress.ts";
import { waitUntil } from "../../lib/wait-until.ts";
import { pullImage } from "../docker.ts";

/** Time for a registry to answer at all; how long the bytes then take is another matter. */
export const REACH_MS = { auto: 5000, offline: 5000, pull: 30_000 } as const;
const STALL_MS = 120_000;

/** No image could be had from the registry; the lab then builds it itself. */
export class RegistryUnreachable extends LabError {
  constructor(message: string, cause: unknown) {
    super(message, { code: "image.registry", hint: "To ask it again: npm run lab:images -- --pull", cause });
  }
}

/** Pulls images in parallel. The first sign of life of any of them shows that the registry is there. */
export class Puller {
  private reached = false;
  private readonly reachMs: number;

  constructor(reachMs: number) {
    this.reachMs = reachMs;
  }

  /** @throws RegistryUnreachable when the pull failed, for whatever reason; the message says which. */
  async pull(ref: string, step: Step): Promise<void> {
    const [failed, done] = [new AbortController(), new AbortController()];
    let signs = 0;
    const watch = async () => {
      const patient = { intervalMs: 100, signal: done.signal };
      await waitUntil("the image registry to answer", () => this.reached, {
        deadlineMs: this.reachMs,
        ...patient,
      });
      for (;;) {
        const seen = signs;
        await waitUntil(`more of ${ref} to arrive`, () => signs > seen, { deadlineMs: STALL_MS, ...patient });
      }
    };
    watch().catch((error) => failed.abort(error));
    try {
      await pullImage(
        ref,
        ({ current, total }) => {
          this.reached = true;
          signs++;
          if (total > 0) step.progress(`${bytes(current)} of ${bytes(total)}`);
        },
        AbortSignal.any([failed.signal, interrupted]),
      );
    } catch (error) {
      interrupted.throwIfAborted();
      throw new RegistryUnreachable(reason(error), error);
    } finally {
      done.abort();
    }
  }
}
