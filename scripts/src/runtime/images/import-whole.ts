import type { Readable } from "node:stream";
import { importImage, removeImage, tagImage } from "../docker.ts";

/** A program that writes an image's files. */
export interface TarSource {
  tar: Readable;
  /** Settles when the program has ended; rejects when it failed. */
  done: PromiseLike<unknown>;
  /** Ends the program. */
  stop: () => void;
}

export interface ImageName {
  repo: string;
  tag: string;
  /** Dockerfile lines such as `LABEL a=b`. */
  changes: string[];
}

/** What is needed of the engine. */
const ENGINE = { importImage, tagImage, removeImage };

/**
 * Imports what a program writes, under its name only after both have succeeded: to an engine the first half of a
 * tar stream, or none of it, is an image as good as any.
 * @throws what the program or the import threw.
 */
export async function importWhole(
  source: TarSource,
  { repo, tag, changes }: ImageName,
  engine = ENGINE,
): Promise<void> {
  const unfinished = `${tag}-unfinished`;
  const importing = engine.importImage(source.tar, repo, unfinished, changes);
  importing.catch(source.stop);
  try {
    const ends = await Promise.allSettled([importing, source.done]);
    // The import's reason first: when it fails the program is ended, and that end explains nothing.
    const failed = ends.find((end) => end.status === "rejected");
    if (failed) throw failed.reason;
    await engine.tagImage(`${repo}:${unfinished}`, repo, tag);
  } finally {
    // A leftover costs disk only, and is overwritten next time; it must not hide why there is one.
    await engine.removeImage(`${repo}:${unfinished}`).catch(() => undefined);
  }
}
