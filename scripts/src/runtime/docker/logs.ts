import { PassThrough } from "node:stream";
import { connect } from "./connection.ts";

export interface LogQuery {
  /** Unix time in seconds. */
  since?: number;
  /** Unix time in seconds. */
  until?: number;
  /** Last lines only. */
  tail?: number;
}

/** What a container has written, standard output and error in order. */
export async function logText(id: string, query: LogQuery = {}): Promise<string> {
  const container = connect().getContainer(id);
  const raw = await container.logs({ ...query, follow: false, stdout: true, stderr: true });
  const { Config } = await container.inspect();
  return Config.Tty ? raw.toString("utf8") : demultiplex(raw);
}

/** Lines as a container writes them, until it ends or the signal comes. */
export async function* logLines(
  id: string,
  query: LogQuery & { signal?: AbortSignal } = {},
): AsyncGenerator<string> {
  const { signal, ...rest } = query;
  const stream = await connect()
    .getContainer(id)
    .logs({ ...rest, follow: true, stdout: true, stderr: true });
  const both = new PassThrough();
  connect().modem.demuxStream(stream, both, both);
  stream.once("end", () => both.end());
  stream.once("close", () => both.end());
  const end = () => (stream as NodeJS.ReadableStream & { destroy(): void }).destroy();
  signal?.addEventListener("abort", end, { once: true });
  let partial = "";
  try {
    for await (const chunk of both.setEncoding("utf8")) {
      const lines = (partial + chunk).split("\n");
      partial = lines.pop() ?? "";
      yield* lines;
    }
    if (partial) yield partial;
  } finally {
    signal?.removeEventListener("abort", end);
    end();
  }
}

/** Docker puts eight bytes before each piece: stream number, three zeros, length. */
export function demultiplex(raw: Buffer): string {
  const pieces: Buffer[] = [];
  let at = 0;
  while (at + 8 <= raw.length) {
    const length = raw.readUInt32BE(at + 4);
    pieces.push(raw.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(pieces).toString("utf8");
}
