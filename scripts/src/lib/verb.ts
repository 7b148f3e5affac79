import type { ArgsDef, ParsedArgs } from "citty";
import type { ExitCode } from "./errors.ts";

const JSON_ARG = {
  type: "boolean",
  description: "Print one JSON document on standard output, and nothing else there",
} as const;
type JsonArg = { json: typeof JSON_ARG };

type Outcome = Promise<ExitCode | 0 | undefined> | Promise<void>;

export interface VerbDefinition<A extends ArgsDef> {
  meta: {
    /** The word on the command line; the same as the file's name. */
    name: string;
    /** One sentence. */
    description: string;
    /** One or more command lines to copy, `npm run lab:up -- --replicas 3`. */
    example: string | string[];
    /** It runs until Ctrl-C, which is therefore its good end, exit code 0. */
    untilInterrupted?: boolean;
  };
  args?: A;
  /** Returns the exit code when it is not 0; throws a LabError when the verb could not do its work. */
  run: (context: VerbContext<A>) => Outcome;
}

export interface VerbContext<A extends ArgsDef> {
  args: ParsedArgs<A & JsonArg>;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

/** A verb as the command line runs it; every verb has `--json` and, from the command line, `--help`. */
export interface Verb {
  meta: { name: string; description: string; examples: string[]; untilInterrupted: boolean };
  args: ArgsDef;
  // biome-ignore lint/suspicious/noExplicitAny: each verb knows its own arguments; the command line does not.
  run: (context: { args: any; signal: AbortSignal }) => Outcome;
}

/** Describes a verb; a file `commands/<name>.ts` exports it as its default. */
export function defineVerb<const A extends ArgsDef = Record<never, never>>(
  definition: VerbDefinition<A>,
): Verb {
  const { name, description, example, untilInterrupted = false } = definition.meta;
  return {
    meta: { name, description, examples: [example].flat(), untilInterrupted },
    args: { ...definition.args, json: JSON_ARG },
    run: definition.run,
  };
}

/** Says what is wrong when a file's default export is not a verb. */
export function checkVerb(exported: unknown, id: string): Verb {
  const verb = exported as Partial<Verb> | undefined;
  if (typeof verb?.run !== "function" || !verb.meta)
    throw new Error("its default export is not a defineVerb(…).");
  if (verb.meta.name !== id)
    throw new Error(`it calls itself "${verb.meta.name}"; file and verb must agree.`);
  if (verb.meta.examples.length === 0) throw new Error("it gives no example.");
  return verb as Verb;
}
