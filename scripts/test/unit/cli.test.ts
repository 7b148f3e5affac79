import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sinceTime } from "../../src/commands/logs.ts";
import { parseVerbArguments, verbHelp } from "../../src/lib/arguments.ts";
import { catalogueIds, loadCatalogue, loadEntry } from "../../src/lib/catalogue.ts";
import { nearest } from "../../src/lib/nearest.ts";
import { bytes, duration, table } from "../../src/lib/output.ts";
import { paths } from "../../src/lib/paths.ts";
import { checkVerb, defineVerb } from "../../src/lib/verb.ts";
import { verbCommand, verbLine } from "../../src/lib/verb-command.ts";
import { waitUntil } from "../../src/lib/wait-until.ts";

const COMMANDS = new URL("../../src/commands/", import.meta.url);
const cli = (...words: string[]) =>
  execa(process.execPath, [join(paths.root, "scripts", "src", "cli.ts"), ...words], {
    reject: false,
    env: { NO_COLOR: "1" },
  });

describe("every verb", async () => {
  for (const id of await catalogueIds(COMMANDS))
    it(`${id} has a sentence, an example that names it, and --json`, async () => {
      const verb = await loadEntry(COMMANDS, id, checkVerb, "verb");
      expect(verb.meta.description).not.toBe("");
      const help = await verbHelp(verb);
      expect(help).toContain("EXAMPLES");
      expect(help).toContain("--json");
      const usage = /USAGE (npm (?:run )?(\S+))/.exec(stripVTControlCharacters(help));
      expect(usage?.[1]).toBe(verbCommand(id));
      expect(Object.keys(await scripts())).toContain(usage?.[2]);
      for (const example of verb.meta.examples) {
        // The package's own scripts: an example that npm does not know would be a lie.
        const [, script = ""] = /^npm (?:run )?(\S+)/.exec(example) ?? [];
        expect(Object.keys(await scripts()), example).toContain(script);
        expect(script.replace("lab:", "")).toBe(id);
        const [, words = ""] = example.split(" -- ");
        expect(() => parseVerbArguments(verb, asTheShellDoes(words))).not.toThrow();
      }
    });
});

/** Words of a command line; quotes hold those with blanks together. */
const asTheShellDoes = (line: string) =>
  (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ""));

async function scripts(): Promise<Record<string, string>> {
  const { readFile } = await import("node:fs/promises");
  return JSON.parse(await readFile(join(paths.root, "package.json"), "utf8")).scripts;
}

describe("the command line", () => {
  it("knows the nearest verb", async () => {
    const { exitCode, stderr, stdout } = await cli("stauts");
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain('There is no verb "stauts".');
    expect(stderr).toContain('Nearest is "status"');
  });

  it("gives an error as JSON, too", async () => {
    const { exitCode, stdout } = await cli("scale", "99", "--json");
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "usage" } });
  });

  it("gives a mistake of its own and an interruption as JSON, too", async () => {
    // A broken engine makes the library fail in a way that nobody foresaw; a mute one makes the verb wait.
    const listening = await Promise.all(
      ["{ not json", undefined].map(async (body) => {
        const socket = join(await mkdtemp(join(tmpdir(), "evenkeel-socket-")), "docker.sock");
        const server = createServer((_, response) => {
          if (body) response.setHeader("content-type", "application/json").end(body);
        });
        await new Promise<void>((resolve) => server.listen(socket, resolve));
        return { server, env: { DOCKER_HOST: `unix://${socket}`, NO_COLOR: "1" } };
      }),
    );
    const [broken, mute] = listening;
    const run = (env?: Record<string, string>) =>
      execa(process.execPath, [join(paths.root, "scripts", "src", "cli.ts"), "logs", "--json"], {
        reject: false,
        ...(env ? { env } : {}),
      });
    const unexpected = await run(broken?.env);
    expect(unexpected.exitCode).toBe(2);
    expect(JSON.parse(unexpected.stdout)).toMatchObject({ error: { code: "unexpected" } });
    expect(unexpected.stderr).toContain("it is a mistake in the lab");

    const waiting = run(mute?.env);
    await new Promise((resolve) => mute?.server.once("request", resolve));
    waiting.kill("SIGINT");
    // Nothing ends the wait for the engine, so the second one comes when the first had its second.
    await waitUntil(
      "the second Ctrl-C to count",
      () => waiting.exitCode !== null || void waiting.kill("SIGINT"),
      {
        deadlineMs: 8000,
      },
    );
    const { exitCode, stdout } = await waiting;
    expect(exitCode).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "interrupted" } });
    for (const { server } of listening) {
      server.closeAllConnections();
      server.close();
    }
  }, 20_000);

  it("lists all verbs, and helps with one", async () => {
    const [all, one] = await Promise.all([cli("--help"), cli("up", "--help")]);
    expect(all.exitCode).toBe(0);
    for (const id of await catalogueIds(COMMANDS)) expect(all.stdout).toContain(`  ${id} `);
    expect(one.stdout).toContain("npm run lab:up -- --replicas 3");
  });
});

describe("the package's scripts", () => {
  it("are what the help says to type", () => {
    const own = {
      "lab:up": "node scripts/bootstrap.mjs lab up",
      test: "node scripts/bootstrap.mjs lab test",
    };
    expect(["up", "test", "other"].map((verb) => verbCommand(verb, own))).toEqual([
      "npm run lab:up",
      "npm test",
      "npm run lab -- other",
    ]);
    expect(verbLine("up", "--help", own)).toBe("npm run lab:up -- --help");
    expect(verbLine("other", "--help", own)).toBe("npm run lab -- other --help");
  });

  it("all go through bootstrap.mjs, so that they work on a bare clone", async () => {
    for (const [name, line] of Object.entries(await scripts()))
      expect(line, name).toMatch(/^node scripts\/bootstrap\.mjs (lab|exec)/);
  });
});

describe("arguments", () => {
  const verb = defineVerb({
    meta: { name: "demo", description: "d", example: "e" },
    args: {
      count: { type: "positional", required: true },
      tail: { type: "string", alias: "n" },
      doctor: { type: "boolean", default: true },
    },
    run: async () => {},
  });
  it("are understood", () => {
    expect(parseVerbArguments(verb, ["5", "-n", "3", "--no-doctor"])).toMatchObject({
      count: "5",
      tail: "3",
      doctor: false,
    });
  });

  it("that come several times are a list", () => {
    expect(parseVerbArguments(verb, ["5", "-n", "3", "--tail", "4,5"])).toMatchObject({ tail: "3,4,5" });
  });

  it.each([
    [["5", "--tial", "3"], '"demo" has no option "--tial"; the nearest is "--tail".'],
    [["5", "--no-tail"], 'has no option "--no-tail"'],
    [["5", "-x"], 'has no option "-x"'],
    [["5", "--tail"], 'The option "--tail" needs a value'],
    [["5", "--json=yes"], 'The option "--json" is a switch'],
    [["5", "6"], '"6" is one word too many.'],
    [[], "Missing required positional argument"],
  ])("%j are refused", (words, sentence) => {
    expect(() => parseVerbArguments(verb, words)).toThrow(sentence);
  });
});

describe("a catalogue", () => {
  let folder: string;
  let url: URL;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "evenkeel-catalogue-"));
    url = pathToFileURL(`${folder}/`);
    await writeFile(join(folder, "good.ts"), "export default { word: 'good' as string };");
  });
  afterAll(() => rm(folder, { recursive: true }));
  const check = (exported: unknown) => {
    const word = (exported as { word?: string } | undefined)?.word;
    if (!word) throw new Error("it exports no word.");
    return word;
  };

  it("takes every file of its folder; there is no list", async () => {
    expect(await loadCatalogue(url, check)).toEqual(new Map([["good", "good"]]));
  });

  it("lists the known ids on an unknown one, the nearest first", async () => {
    await expect(loadEntry(url, "god", check, "word")).rejects.toMatchObject({
      message: 'There is no word "god".',
      hint: expect.stringContaining('Nearest is "good"'),
    });
  });

  it("names the file that cannot be used, and why", async () => {
    await writeFile(join(folder, "bad.ts"), "export default {};");
    await expect(loadCatalogue(url, check, "word")).rejects.toThrow(
      "The word in bad.ts cannot be used: it exports no word.",
    );
    await rm(join(folder, "bad.ts"));
  });
});

describe("words and figures", () => {
  it("nearest prefers a prefix, then fewer edits", () => {
    expect(nearest("stat", ["start", "status", "up"])[0]).toBe("status");
    expect(nearest("lest-con", ["round-robin", "least-conn"])[0]).toBe("least-conn");
  });

  it("are readable", () => {
    expect([bytes(0), bytes(1023), bytes(1536), bytes(126.2 * 1024 ** 2)]).toEqual([
      "0 B",
      "1023 B",
      "1.5 KiB",
      "126 MiB",
    ]);
    expect([duration(41), duration(61), duration(7500)]).toEqual(["41 s", "1 min 1 s", "2 h 5 min"]);
    expect(table(["a", "bb"], [["ccc", 1]], false)).toBe("a    bb\nccc  1");
  });

  it("of --since are times", () => {
    expect(sinceTime("5m", 1_000_000_000)).toBe(999_700);
    expect(sinceTime("1970-01-01T00:00:10Z", 0)).toBe(10);
    expect(() => sinceTime("soon", 0)).toThrow("--since must be like 30s");
  });
});
