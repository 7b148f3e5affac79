import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { LabError } from "../lib/errors.ts";

const Even = z.union([
  /** No replica may be off its equal share by more than this many requests. */
  z.strictObject({ model: z.literal("even"), toleranceRequests: z.int().nonnegative() }),
  /** No replica's share may be off by more than this many percentage points. */
  z.strictObject({ model: z.literal("even"), tolerancePoints: z.number().positive() }),
]);

const Weights = z.strictObject({
  model: z.literal("weights"),
  /** Weight by instance number; a replica that is not named must get nothing. */
  weights: z.record(z.string().regex(/^\d+$/), z.number().positive()),
  toleranceRequests: z.int().nonnegative(),
});

const Pinned = z.strictObject({
  model: z.literal("pinned"),
  /** What decides: each address, path or cookie must meet one replica only, without exception. */
  by: z.enum(["address", "uri", "cookie"]),
  /** How far the replicas' shares of the keys may be from equal, in percentage points. */
  spreadPoints: z.number().positive().optional(),
});

/** What a strategy promises about who gets how much, with its tolerance. */
export const Expectation = z.union([...Even.options, Weights, Pinned]);
export type Expectation = z.infer<typeof Expectation>;

const Header = z.strictObject({ summary: z.string().min(1), expect: Expectation });

/** One way of picking a replica: a file in `nginx/strategies`, its id is the file name. */
export interface Strategy {
  id: string;
  summary: string;
  expect: Expectation;
}

/**
 * Reads the head of a strategy file: lines that start with `#:` are YAML with `summary` and `expect`.
 * @throws LabError `strategy.header` when they are missing or wrong.
 */
export function parseStrategy(id: string, text: string): Strategy {
  const yaml = text
    .split(/\r?\n/)
    .filter((line) => line.startsWith("#:"))
    .map((line) => line.slice(2))
    .join("\n");
  let header: unknown;
  try {
    header = parse(yaml);
  } catch (cause) {
    throw new LabError(`The "#:" lines of strategy "${id}" are not YAML: ${(cause as Error).message}`, {
      code: "strategy.header",
      exitCode: 2,
      cause,
    });
  }
  const checked = Header.safeParse(header);
  if (!checked.success) {
    throw new LabError(
      `The "#:" lines of strategy "${id}" are not complete: ${z.prettifyError(checked.error)}`,
      {
        code: "strategy.header",
        exitCode: 2,
        hint: "Copy them from nginx/strategies/round-robin.conf and say what the strategy promises.",
      },
    );
  }
  return { id, ...checked.data };
}

/** All strategies of a balancer by id, from its folder: a new file is a new strategy. */
export async function loadStrategies(folder: string): Promise<Map<string, Strategy>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".conf")).sort();
  const strategies = await Promise.all(
    files.map(async (file) =>
      parseStrategy(basename(file, ".conf"), await readFile(join(folder, file), "utf8")),
    ),
  );
  return new Map(strategies.map((strategy) => [strategy.id, strategy]));
}
