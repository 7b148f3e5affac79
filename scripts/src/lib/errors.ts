/** 1: the answer is no (unhealthy, verdict failed). 2: it could not be done or measured. */
export type ExitCode = 1 | 2;

export interface LabErrorOptions {
  /** Stable name for scripts and tests, `engine.permission`. */
  code: string;
  /** 2 when not given. */
  exitCode?: ExitCode;
  /** What to type or to change. */
  hint?: string;
  cause?: unknown;
}

/** A failure we expect: its message is for the user, as full sentences, and needs no stack. */
export class LabError extends Error {
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor(message: string, options: LabErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LabError";
    this.code = options.code;
    this.exitCode = options.exitCode ?? 2;
    this.hint = options.hint;
  }
}

/** The reason inside anything that was thrown, on one line. */
export function reason(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s+/g, " ").trim();
}
