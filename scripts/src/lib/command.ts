import { type ExecaError, execa } from "execa";
import { LabError } from "./errors.ts";
import { interrupted } from "./interrupt.ts";

export interface CommandOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** Each line as it comes, standard output and error alike. */
  onLine?: (line: string) => void;
  timeoutMs?: number;
  input?: string;
  /** Sentence before the command's own reason; "X failed" when not given. */
  failure?: string;
  hint?: string;
  /** A command that must run to its end, also after Ctrl-C (it undoes something). */
  uninterruptible?: boolean;
}

/**
 * Runs a command to its end and returns what it wrote to standard output.
 * @throws LabError `command.failed` naming the command and the last thing it said; `command.missing`.
 */
export async function command(file: string, args: string[], options: CommandOptions = {}): Promise<string> {
  // Not left to execa: with a signal that has come already and a missing program, Node's kill() has no pid yet and
  // ends this whole process group, the user's shell included.
  if (!options.uninterruptible) interrupted.throwIfAborted();
  const child = execa(file, args, {
    cwd: options.cwd ?? process.cwd(),
    env: options.env ?? {},
    stdin: options.input === undefined ? "ignore" : "pipe",
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.timeoutMs ? { timeout: options.timeoutMs } : {}),
    ...(options.uninterruptible ? {} : { cancelSignal: interrupted }),
    forceKillAfterDelay: 10_000,
    all: true,
  });
  const { onLine } = options;
  const reading = onLine
    ? (async () => {
        for await (const line of child.iterable({ from: "all" })) onLine(line);
      })().catch(() => undefined)
    : undefined;
  try {
    const { stdout } = await child;
    await reading;
    return stdout;
  } catch (cause) {
    interrupted.throwIfAborted();
    throw explain(file, args, cause as ExecaError, options);
  }
}

function explain(file: string, args: string[], error: ExecaError, options: CommandOptions): LabError {
  const hint = options.hint ? { hint: options.hint } : {};
  const line = [file, ...args].join(" ");
  if (error.code === "ENOENT")
    return new LabError(`The command "${file}" was not found.`, {
      code: "command.missing",
      cause: error,
      ...hint,
    });
  const said = String(error.all || error.stderr || error.shortMessage || "")
    .trim()
    .split("\n")
    .slice(-12)
    .join("\n");
  const how = error.timedOut
    ? `did not end within ${(options.timeoutMs ?? 0) / 1000} s`
    : error.signal
      ? `was ended by ${error.signal}`
      : `failed with exit code ${error.exitCode}`;
  const before = options.failure ? `${options.failure} ` : "";
  return new LabError(`${before}"${line}" ${how}:\n${said || "it said nothing."}`, {
    code: "command.failed",
    cause: error,
    ...hint,
  });
}
