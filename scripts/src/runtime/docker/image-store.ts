import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { LabError } from "../../lib/errors.ts";
import { connect } from "./connection.ts";

export interface StoredImage {
  id: string;
  /** Bytes. */
  size: number;
  labels: Record<string, string>;
}

/** An image of the engine by its name, or undefined when it has none of that name. */
export async function findImage(ref: string): Promise<StoredImage | undefined> {
  try {
    const image = await connect().getImage(ref).inspect();
    return { id: image.Id, size: image.Size, labels: image.Config?.Labels ?? {} };
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

interface PullEvent {
  id?: string;
  status?: string;
  error?: string;
  progressDetail?: { current?: number; total?: number };
}

/** How far a pull is: bytes over all layers known so far. */
export interface PullProgress {
  current: number;
  total: number;
}

/**
 * Lets the engine pull an image. `onProgress` is called for the first time when the registry has answered.
 * @throws LabError `image.pull` with the engine's reason; the signal's reason when it was aborted.
 */
export async function pullImage(
  ref: string,
  onProgress: (progress: PullProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const failed = (why: string, cause?: unknown) =>
    new LabError(`${ref} could not be pulled: ${why}`, { code: "image.pull", cause });
  const layers = new Map<string, { current: number; total: number }>();
  try {
    const stream = (await connect().pull(ref, { abortSignal: signal })) as Readable;
    const done = finished(stream, { signal });
    connect().modem.followProgress(
      stream,
      () => undefined,
      (event: PullEvent) => {
        if (event.error) return stream.destroy(failed(event.error));
        const detail = event.progressDetail;
        if (event.id && detail?.total && event.status === "Downloading")
          layers.set(event.id, { current: detail.current ?? 0, total: detail.total });
        const layer = layers.get(event.id ?? "");
        if (layer && event.status === "Download complete") layer.current = layer.total;
        const all = [...layers.values()];
        onProgress({
          current: all.reduce((sum, { current }) => sum + current, 0),
          total: all.reduce((sum, { total }) => sum + total, 0),
        });
      },
    );
    await done;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LabError) throw error;
    const { json, message } = error as Error & { json?: { message?: string } };
    throw failed(json?.message ?? message, error);
  }
}

/** Makes an image of one layer from a tar stream. `changes` are Dockerfile lines such as `LABEL a=b`. */
export async function importImage(
  tar: Readable,
  repo: string,
  tag: string,
  changes: string[],
): Promise<void> {
  const stream = await connect().importImage(tar as unknown as string, { repo, tag, changes });
  await new Promise<void>((resolve, reject) => {
    connect().modem.followProgress(stream, (error: Error | null, events: PullEvent[]) => {
      const said = events?.find((event) => event.error)?.error;
      if (error || said)
        reject(
          new LabError(`${repo}:${tag} could not be imported: ${said ?? error?.message}`, {
            code: "image.import",
          }),
        );
      else resolve();
    });
  });
}

/** Gives an image one more name. */
export async function tagImage(ref: string, repo: string, tag: string): Promise<void> {
  await connect().getImage(ref).tag({ repo, tag });
}

/** Removes a name, and the image with its last name; nothing when the engine has none of that name. */
export async function removeImage(ref: string): Promise<void> {
  try {
    await connect().getImage(ref).remove({ force: true });
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  }
}
