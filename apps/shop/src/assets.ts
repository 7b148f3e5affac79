import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { extname, join, sep } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ts": "text/javascript; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};
const PAGE = "index.html";
const VERSION_MARK = "{{version}}";

/** One file as it goes over the wire. */
export interface Asset {
  readonly body: Buffer;
  readonly type: string;
  readonly etag: string;
}

/** The shop page and its files, all in memory: what was not there at the start does not exist. */
export interface Assets {
  /** Changes whenever any file does. */
  readonly version: string;
  readonly page: Asset | undefined;
  /** By path relative to the folder, with "/" between its parts. */
  readonly files: ReadonlyMap<string, Asset>;
}

/**
 * Reads a folder of files for the browser. TypeScript is served as JavaScript under both names, `x.ts` and
 * `x.js`, so imports work either way. A missing folder is an empty one. Throws on unreadable files and
 * TypeScript that is more than types.
 */
export function loadAssets(folder: string): Assets {
  const sources = new Map<string, Buffer>();
  for (const path of listFiles(folder)) sources.set(path, readFileSync(join(folder, path)));
  const hash = createHash("sha256");
  for (const [path, body] of sources) hash.update(`${path}\0${body.length}\0`).update(body);
  const version = hash.digest("hex").slice(0, 12);
  const files = new Map<string, Asset>();
  for (const [path, body] of sources) {
    if (path === PAGE) continue;
    const asset = toAsset(path, path.endsWith(".ts") ? stripTypes(path, body) : body);
    files.set(path, asset);
    if (path.endsWith(".ts")) files.set(path.replace(/\.ts$/, ".js"), asset);
  }
  const html = sources.get(PAGE)?.toString("utf8").replaceAll(VERSION_MARK, version);
  return { version, page: html === undefined ? undefined : toAsset(PAGE, Buffer.from(html)), files };
}

function listFiles(folder: string): string[] {
  let entries: string[];
  try {
    entries = readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  return entries
    .map((path) => path.split(sep).join("/"))
    .filter((path) => extname(path) in TYPES && !path.endsWith(".d.ts"))
    .sort();
}

function stripTypes(path: string, source: Buffer): Buffer {
  try {
    return Buffer.from(stripTypeScriptTypes(source.toString("utf8")));
  } catch (cause) {
    throw new Error(`${path} is not served: only types can be removed from it (no enums, no namespaces).`, {
      cause,
    });
  }
}

function toAsset(path: string, body: Buffer): Asset {
  const digest = createHash("sha256").update(body).digest("base64url").slice(0, 22);
  return { body, type: TYPES[extname(path)] ?? "application/octet-stream", etag: `"${digest}"` };
}
