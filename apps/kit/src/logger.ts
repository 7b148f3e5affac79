import { type DestinationStream, pino } from "pino";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";
export type Fields = Readonly<Record<string, unknown>>;

/** One answered request. `ms` is the time until the answer ended, for streams until it began. */
export interface AccessEntry {
  readonly requestId: string;
  readonly method: string;
  /** Still percent-encoded and without the query, so one entry is one line and shows no secrets. */
  readonly path: string;
  readonly status: number;
  readonly ms: number;
}

export interface Logger {
  /** `quiet` entries (probes and scrapes) show at level debug only. */
  access(entry: AccessEntry, quiet: boolean): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, error: unknown, fields?: Fields): void;
}

const RANK: Record<LogLevel, number> = { debug: 20, info: 30, warn: 40, error: 50, silent: 99 };

export interface LoggerOptions {
  readonly format: "pretty" | "json";
  readonly level: LogLevel;
  readonly instanceId: string;
}

export function createLogger(options: LoggerOptions, destination: DestinationStream): Logger {
  return options.format === "json" ? jsonLogger(options, destination) : prettyLogger(options, destination);
}

/** One line per request a person can read: `[Instance 2] POST /purchase 201 12ms req=…`. */
function prettyLogger({ level, instanceId }: LoggerOptions, out: DestinationStream): Logger {
  const prefix = `[Instance ${instanceId}] `;
  const minimum = RANK[level];
  const write = (rank: number, text: string) => {
    if (rank >= minimum) out.write(`${prefix}${text}\n`);
  };
  return {
    access: ({ method, path, status, ms, requestId }, quiet) => {
      if ((quiet ? RANK.debug : RANK.info) < minimum) return;
      out.write(`${prefix}${method} ${path} ${status} ${Math.round(ms)}ms req=${requestId}\n`);
    },
    info: (message, fields) => write(RANK.info, message + pairs(fields)),
    warn: (message, fields) => write(RANK.warn, `warning: ${message}${pairs(fields)}`),
    error: (message, error, fields) =>
      write(RANK.error, `error: ${message}${pairs(fields)}\n${trace(error)}`),
  };
}

const pairs = (fields: Fields = {}) =>
  Object.entries(fields)
    .map(
      ([key, value]) =>
        ` ${key}=${typeof value === "string" ? shown(value) : harmless(JSON.stringify(value))}`,
    )
    .join("");

const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** Text of strangers may hold line ends and escape codes, and would forge lines of this log with them. */
const shown = (text: string) => (CONTROL.test(text) ? harmless(JSON.stringify(text)) : text);

/** JSON leaves the upper control characters as they are, and terminals obey those, too. */
const harmless = (text = "") =>
  text.replaceAll(
    /[^\P{Cc}\n]|[\p{Zl}\p{Zp}]/gu,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** Stack and chain of causes, indented so that a reader sees where the record ends. */
function trace(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const cause =
    error instanceof Error && error.cause !== undefined ? `\ncaused by ${trace(error.cause)}` : "";
  return harmless(text + cause).replaceAll(/\n */g, "\n    ");
}

/** The same fields, one JSON object per line, for machines. */
function jsonLogger({ level, instanceId }: LoggerOptions, out: DestinationStream): Logger {
  const log = pino(
    {
      level,
      base: { instance: instanceId },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    out,
  );
  return {
    access: ({ requestId, method, path, status, ms }, quiet) => {
      log[quiet ? "debug" : "info"]({ requestId, method, path, status, ms: Math.round(ms * 100) / 100 });
    },
    info: (message, fields) => log.info(fields ?? {}, message),
    warn: (message, fields) => log.warn(fields ?? {}, message),
    error: (message, error, fields) => log.error({ ...fields, err: error }, message),
  };
}

/** Standard output that collects lines: one write per request would cost more than most requests. */
export interface LogOutput extends DestinationStream {
  flush(): Promise<void>;
  /** For the last words of a crashing process. */
  flushSync(): void;
}

/** `onDrop` hears of each line given up because nobody reads standard output. */
export function standardOutput(onDrop: () => void): LogOutput {
  const out = pino.destination({
    dest: 1,
    sync: false,
    minLength: 4096,
    periodicFlush: 250,
    maxLength: 4 * 1024 * 1024,
  });
  // A closed pipe (`docker logs` gone, `| head`) must not end the process.
  out.on("error", () => {});
  out.on("drop", onDrop);
  return {
    write: (text) => void out.write(text),
    flush: () => new Promise((resolve) => out.flush(() => resolve())),
    flushSync: () => {
      try {
        out.flushSync();
      } catch {
        // Nobody reads any more, and there is no other place to tell it.
      }
    },
  };
}
