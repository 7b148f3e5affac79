import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadAssets } from "../../src/assets.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

function folderWith(files: Record<string, string>): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "art"));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  return folder;
}

test("TypeScript is served as JavaScript under both names, its imports untouched", () => {
  const { files } = loadAssets(folderWith({ "page.ts": 'import "./x.ts";\nexport const n: number = 1;\n' }));
  const asset = files.get("page.js");
  expect(asset).toBe(files.get("page.ts"));
  expect(asset?.type).toMatch(/^text\/javascript/);
  expect(asset?.body.toString()).toMatch(/^import "\.\/x\.ts";\nexport const n\s+= 1;\n$/);
});

test("the page carries the version, and the version changes with any file", () => {
  const page = { "index.html": '<script src="/static/{{version}}/page.ts"></script>{{version}}' };
  const one = loadAssets(folderWith({ ...page, "a.css": "a{}" }));
  const other = loadAssets(folderWith({ ...page, "a.css": "b{}" }));
  expect(one.version).toMatch(/^[0-9a-f]{12}$/);
  expect(one.version).not.toBe(other.version);
  expect(one.page?.body.toString()).toBe(
    `<script src="/static/${one.version}/page.ts"></script>${one.version}`,
  );
});

test("only files for browsers are served, also out of folders", () => {
  const folder = folderWith({ "tsconfig.json": "{}", "x.d.ts": "", "art/a.svg": "<svg/>", "index.html": "" });
  expect([...loadAssets(folder).files.keys()]).toEqual(["art/a.svg"]);
});

test("code that types alone do not make JavaScript is refused at the start", () => {
  expect(() => loadAssets(folderWith({ "page.ts": "enum A { B }" }))).toThrow(/page\.ts is not served/);
});

test("no folder is an empty one", () => {
  expect(loadAssets("/nowhere/at/all")).toMatchObject({ page: undefined, files: new Map() });
});
