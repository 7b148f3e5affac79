import { parseArgs as strictParse } from "node:util";
import { type ArgsDef, parseArgs, renderUsage } from "citty";
import { LabError, reason } from "./errors.ts";
import { nearest } from "./nearest.ts";
import type { Verb } from "./verb.ts";
import { verbLine } from "./verb-command.ts";

/**
 * The arguments of a verb. citty lets unknown options, missing values and surplus words pass; they are errors
 * here, because a mistyped `--replica 5` must not silently bring up two.
 * @throws LabError `usage` with the nearest option.
 */
export function parseVerbArguments(verb: Verb, raw: string[]): ReturnType<typeof parseArgs> {
  const options = Object.fromEntries(
    Object.entries(verb.args)
      .filter(([, arg]) => arg.type !== "positional")
      .flatMap(([name, arg]) =>
        [name, ...long(arg)].map((word) => [word, { type: kind(arg), ...short(arg) }]),
      ),
  );
  const words = Object.entries(verb.args).filter(([, arg]) => arg.type === "positional");
  try {
    const { tokens } = strictParse({
      args: raw,
      options,
      strict: false,
      allowPositionals: true,
      tokens: true,
    });
    for (const token of tokens ?? []) {
      if (token.kind !== "option") continue;
      const name =
        token.name.startsWith("no-") && !(token.name in options) ? token.name.slice(3) : token.name;
      const known = options[name];
      if (!known || (name !== token.name && known.type !== "boolean"))
        throw unknownOption(verb, token.rawName, options);
      if (known.type === "string" && !token.value)
        throw usage(verb, `The option "${token.rawName}" needs a value, as in ${token.rawName} <value>.`);
      if (known.type === "boolean" && token.value !== undefined)
        throw usage(verb, `The option "${token.rawName}" is a switch and takes no value.`);
    }
    const surplus = (tokens ?? []).filter((token) => token.kind === "positional").slice(words.length);
    const [first] = surplus;
    if (first?.kind === "positional") throw usage(verb, `"${first.value}" is one word too many.`);
    return Object.assign(parseArgs(raw, verb.args), repeated(tokens ?? []));
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw usage(verb, `${reason(error)}.`.replace("..", "."));
  }
}

/**
 * An option that was given several times, as one list with commas: the parser would keep the last and drop the
 * rest in silence. Where no list is wanted, its own check then refuses the value.
 */
function repeated(tokens: { kind: string; name?: string; value?: string | boolean | undefined }[]) {
  const given = new Map<string, string[]>();
  for (const { kind, name, value } of tokens)
    if (kind === "option" && name && typeof value === "string")
      given.set(name, [...(given.get(name) ?? []), value]);
  const several = [...given].filter(([, values]) => values.length > 1);
  return Object.fromEntries(several.map(([name, values]) => [name, values.join(",")]));
}

/** Description, options and examples of a verb. */
export async function verbHelp(verb: Verb): Promise<string> {
  const { name, description, examples } = verb.meta;
  const text = await renderUsage({
    meta: { name: verbLine(name, "").trimEnd(), description },
    args: verb.args,
  });
  const head = text.replace(/^.*\n/, `${description}\n`);
  return `${head.trimEnd()}\n\nEXAMPLES\n\n${examples.map((line) => `  ${line}`).join("\n")}\n`;
}

type Arg = ArgsDef[string];
const kind = (arg: Arg): "boolean" | "string" =>
  arg.type === "boolean" || arg.type === undefined ? "boolean" : "string";
const aliases = (arg: Arg) => ("alias" in arg && arg.alias ? [arg.alias].flat() : []);
const long = (arg: Arg) => aliases(arg).filter((alias) => alias.length > 1);
const short = (arg: Arg) => {
  const letter = aliases(arg).find((alias) => alias.length === 1);
  return letter ? { short: letter } : {};
};

function unknownOption(verb: Verb, raw: string, options: Record<string, unknown>): LabError {
  const [first] = nearest(raw.replace(/^-+(no-)?/, ""), Object.keys(options));
  return usage(verb, `"${verb.meta.name}" has no option "${raw}"; the nearest is "--${first}".`);
}

const usage = (verb: Verb, message: string) =>
  new LabError(message, {
    code: "usage",
    hint: `Options and examples: ${verbLine(verb.meta.name, "--help")}`,
  });
