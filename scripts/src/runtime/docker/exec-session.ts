import { PassThrough } from "node:stream";
import { connect } from "./connection.ts";

/** A command that runs inside a container and is talked to. */
export interface ExecSession {
  write(text: string): void;
  /** What the command writes to standard output; ends with the command, the container or {@link close}. */
  stdout: NodeJS.ReadableStream;
  /** Closes the command's standard input, which ends it if it reads from there. */
  close(): void;
}

/** Starts a command inside a container and keeps its standard input open. @throws the engine's error. */
export async function openExec(id: string, command: string[]): Promise<ExecSession> {
  const run = await connect()
    .getContainer(id)
    .exec({ Cmd: command, AttachStdin: true, AttachStdout: true, AttachStderr: true });
  const stream = await run.start({ hijack: true, stdin: true });
  const stdout = new PassThrough();
  connect().modem.demuxStream(stream, stdout, new PassThrough().resume());
  // A container that is killed resets the connection; for whoever reads that is the end, and no more.
  stream.on("error", () => stdout.end());
  stream.once("end", () => stdout.end());
  stream.once("close", () => stdout.end());
  return {
    write: (text) => void stream.write(text),
    stdout,
    close: () => void stream.destroy(),
  };
}
