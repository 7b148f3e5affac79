import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { LabError } from "../../lib/errors.ts";
import { paths } from "../../lib/paths.ts";
import { findProgram, readOr } from "../engine/facts.ts";

const MODULES = join(paths.root, "node_modules");

/**
 * An npm that works wherever it is copied to: the one that this checkout pins, else the one that runs this
 * command, else the machine's. Debian's own npm has its dependencies elsewhere, so it does not count.
 * @throws LabError `image.no-npm`.
 */
export function npmFolder(places: string[] = npmPlaces()): string {
  const found = places.find(isWholeNpm);
  if (found) return found;
  throw new LabError(
    `No npm that can be copied into an image was found; one needs bin/npm-cli.js and its own node_modules. Looked at: ${places.join(", ")}.`,
    { code: "image.no-npm", hint: "Install the lab's dependencies again, which bring one: npm ci" },
  );
}

/** True of a folder that holds npm with its bundled dependencies. */
export function isWholeNpm(folder: string): boolean {
  return (
    existsSync(join(folder, "bin", "npm-cli.js")) &&
    existsSync(join(folder, "package.json")) &&
    existsSync(join(folder, "node_modules", "semver"))
  );
}

function npmPlaces(): string[] {
  const cli = process.env.npm_execpath;
  const program = findProgram("npm");
  const real = program ? realpathSync(program) : undefined;
  return [
    join(MODULES, "npm"),
    ...(cli ? [dirname(dirname(cli))] : []),
    // A link into npm's own folder, or a small script beside it.
    ...(real ? [dirname(dirname(real)), join(dirname(dirname(real)), "lib", "node_modules", "npm")] : []),
    join(dirname(dirname(process.execPath)), "lib", "node_modules", "npm"),
  ];
}

/** What a Node says of itself, `process` where it is the one that runs this. */
export interface NodeFacts {
  version: string;
  platform: NodeJS.Platform;
  /** Runs TypeScript as it is. */
  typescript: boolean;
  /** Built for glibc, as Debian is. */
  glibc: boolean;
  /** Needs no shared library that a bare Debian lacks. */
  selfContained: boolean;
}

/**
 * A Node program that runs the shop in a Debian image: the one that this checkout pins, else the one that runs
 * this.
 * @throws LabError `image.no-node` with what is wrong about it.
 */
export function nodeFile(
  modules = MODULES,
  facts: () => NodeFacts = thisNode,
  execPath = process.execPath,
): { file: string; version: string } {
  const pinned = join(modules, "node", "bin", "node");
  if (existsSync(pinned)) return { file: pinned, version: versionIn(join(modules, "node", "package.json")) };
  const own = facts();
  const lacks = shortcomings(own);
  if (lacks.length === 0) return { file: execPath, version: own.version };
  throw new LabError(
    `The recipe of the Node image copies a Node, and this one (${execPath}, ${own.version}) does not fit: it ${lacks.join(", and it ")}.`,
    {
      code: "image.no-node",
      hint: "Install the lab's dependencies with their install scripts, which bring one that fits: npm ci --ignore-scripts=false",
    },
  );
}

/** Why a Node cannot run the shop in a Debian image; nothing when it can. */
export function shortcomings(node: NodeFacts): string[] {
  return [
    ...(node.platform === "linux" ? [] : [`is made for ${node.platform}`]),
    ...(node.typescript ? [] : ["cannot run TypeScript"]),
    ...(node.platform !== "linux" || node.glibc ? [] : ["is not made for glibc"]),
    ...(node.selfContained ? [] : ["needs shared libraries of this machine"]),
  ];
}

function thisNode(): NodeFacts {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  const built = Object.entries(process.config.variables as Record<string, unknown>);
  return {
    version: process.versions.node,
    platform: process.platform,
    typescript: Boolean(process.features.typescript),
    glibc: report.header?.glibcVersionRuntime !== undefined,
    selfContained: !built.some(([name, value]) => name.startsWith("node_shared") && value === true),
  };
}

const versionIn = (manifest: string): string =>
  (JSON.parse(readOr(manifest, "{}")) as { version?: string }).version ?? "unknown";
