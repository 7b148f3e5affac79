import process from "node:process";
import { stripVTControlCharacters } from "node:util";
import { parseVerbArguments, verbHelp } from "./lib/arguments.ts";
import { catalogueIds, loadEntry } from "./lib/catalogue.ts";
import { LabError, reason } from "./lib/errors.ts";
import { interrupt, interrupted } from "./lib/interrupt.ts";
import { colour, isJson, say, setJson } from "./lib/output.ts";
import { checkVerb, type Verb } from "./lib/verb.ts";
import { verbCommand } from "./lib/verb-command.ts";
import { endpoint } from "./runtime/docker.ts";
import { doorClosed } from "./runtime/door.ts";

const VERBS = new URL("commands/", import.meta.url);
/** Time that clean-up gets after Ctrl-C; a second Ctrl-C does not wait for it. */
const GRACE_MS = 20_000;
/** 128 and the number of SIGINT, as shells have it. */
const INTERRUPTED = 130;

async function main(words: string[]): Promise<number> {
  setJson(words.includes("--json"));
  const [name = "help", ...rest] = words;
  if (["help", "--help", "-h"].includes(name)) {
    say(await overview());
    return 0;
  }
  const verb = await loadEntry(VERBS, name, checkVerb, "verb");
  if (rest.some((word) => word === "--help" || word === "-h")) {
    const help = await verbHelp(verb);
    process.stdout.write(process.stdout.isTTY ? help : stripVTControlCharacters(help));
    return 0;
  }
  const code = (await verb.run({ args: parseVerbArguments(verb, rest), signal: interrupted })) ?? 0;
  return interrupted.aborted && !verb.meta.untilInterrupted ? INTERRUPTED : code;
}

async function overview(): Promise<string> {
  const ids = await catalogueIds(VERBS);
  const lines = await Promise.all(
    ids.map(async (id) => {
      const verb: Verb = await loadEntry(VERBS, id, checkVerb, "verb");
      const command = verbCommand(id);
      const other = command === `npm run lab:${id}` ? "" : ` (${command})`;
      return `  ${colour.cyan(id.padEnd(10))} ${verb.meta.description}${other}`;
    }),
  );
  return [
    "evenkeel, a load-balancing laboratory.",
    "",
    `${colour.bold("npm run lab:<verb>")}   options behind a double dash: npm run lab:up -- --replicas 3`,
    "",
    ...lines,
    "",
    "More about one: npm run lab:up -- --help",
  ].join("\n");
}

/** The engine can go away at any moment, in the middle of any verb. */
function engineGone(error: unknown): LabError | undefined {
  const { syscall, code } = error as NodeJS.ErrnoException;
  const { host } = endpoint();
  const address = (error as { address?: string }).address ?? "";
  if (syscall !== "connect" || !["ENOENT", "ECONNREFUSED", "EACCES"].includes(code ?? "")) return undefined;
  if (!host.includes(address)) return undefined;
  return new LabError(`The Docker engine does not answer: ${reason(error)}.`, {
    code: "engine.silent",
    hint: "npm run lab:doctor says why; npm run lab:up starts it where it can.",
    cause: error,
  });
}

/** Says what went wrong: to people on standard error, with `--json` to programs on standard output. */
function explain(thrown: unknown): number {
  if (interrupted.aborted) return interruption();
  const error = engineGone(thrown) ?? doorClosed(thrown) ?? thrown;
  if (!(error instanceof LabError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const message = "This should not have happened; it is a mistake in the lab.";
    printError({ code: "unexpected", message: `${message} ${reason(error)}`, hint: null });
    process.stderr.write(`${message}\n${stack}\n`);
    return 2;
  }
  const { message, code, hint = null } = error;
  printError({ code, message, hint });
  process.stderr.write(`${colour.red("✖")} ${message}\n${hint ? `  ${colour.bold("→")} ${hint}\n` : ""}`);
  return error.exitCode;
}

function interruption(): number {
  const [message, hint] = [
    reason(interrupted.reason),
    "The lab can go on from here: lab:up and lab:down both work.",
  ];
  printError({ code: "interrupted", message, hint });
  process.stderr.write(`\n${message} ${hint}\n`);
  return INTERRUPTED;
}

function printError(error: { code: string; message: string; hint: string | null }): void {
  if (isJson()) process.stdout.write(`${JSON.stringify({ error }, null, 2)}\n`);
}

let firstSignal = 0;
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    if (interrupted.aborted) {
      // One Ctrl-C arrives several times: from the terminal, from npm and from bootstrap.mjs.
      if (performance.now() - firstSignal > 1000) process.exit(interruption());
      return;
    }
    firstSignal = performance.now();
    interrupt(name === "SIGINT" ? "Ctrl-C" : name);
    setTimeout(() => process.exit(interruption()), GRACE_MS).unref();
  });
}
// `lab status | head` closes the pipe early; that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

const code = await main(process.argv.slice(2)).catch(explain);
// An open connection to the engine would keep the program alive; what was written must still get out.
process.stdout.write("", () => process.exit(code));
