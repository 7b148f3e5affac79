import { type ChildProcess, spawn } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { paths } from "../../src/lib/paths.ts";
import { waitUntil } from "../../src/lib/wait-until.ts";

let clone: string;
const children: ChildProcess[] = [];

// A clone whose npm installs one program, prints on both outputs as npm does, and counts its calls.
const FAKE_NPM = `
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
appendFileSync("calls", process.argv.slice(2).join(" ") + "\\n");
if (process.env.FAKE_NPM_ERROR) { console.error(process.env.FAKE_NPM_ERROR); process.exit(1); }
console.log("added 1 package");
mkdirSync("node_modules/.bin", { recursive: true });
if (!process.env.FAKE_NO_NODE) {
  mkdirSync("node_modules/node/bin", { recursive: true });
  writeFileSync("node_modules/node/bin/node", "#!/bin/sh\\nexec ${process.execPath} \\"$@\\"\\n", { mode: 0o755 });
}
await new Promise((resolve) => setTimeout(resolve, Number(process.env.FAKE_NPM_MS ?? 0)));
writeFileSync("node_modules/.package-lock.json", "{}");
`;
const FAKE_CLI = `
if (process.argv[2] === "wait") {
  process.on("SIGTERM", () => { console.log("child got SIGTERM"); process.exit(42); });
  setInterval(() => {}, 1000);
  console.log("ready");
} else {
  console.log(JSON.stringify({ words: process.argv.slice(2) }));
  process.exitCode = Number(process.argv[3] ?? 0);
}
`;

beforeEach(async () => {
  clone = await mkdtemp(join(tmpdir(), "evenkeel-clone-"));
  await mkdir(join(clone, "scripts", "src"), { recursive: true });
  await copyFile(join(paths.root, "scripts", "bootstrap.mjs"), join(clone, "scripts", "bootstrap.mjs"));
  await writeFile(join(clone, "package-lock.json"), "{}");
  await writeFile(join(clone, "npm-cli.mjs"), FAKE_NPM);
  await writeFile(join(clone, "scripts", "src", "cli.ts"), FAKE_CLI);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  await rm(clone, { recursive: true, force: true });
});

function start(words: string[], env: Record<string, string> = {}, node: string[] = []) {
  const child = spawn(process.execPath, [...node, join(clone, "scripts", "bootstrap.mjs"), ...words], {
    cwd: clone,
    env: { ...process.env, npm_execpath: join(clone, "npm-cli.mjs"), ...env },
  });
  children.push(child);
  const out = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => (out.stdout += chunk));
  child.stderr.on("data", (chunk) => (out.stderr += chunk));
  const done = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, ...out })),
  );
  return { child, out, done };
}
const run = (words: string[], env?: Record<string, string>) => start(words, env).done;
const calls = async () =>
  (await readFile(join(clone, "calls"), "utf8").catch(() => "")).split("\n").filter(Boolean);

test("a bare clone is installed first, and standard output carries only the program's own words", async () => {
  const { code, stdout, stderr } = await run(["lab", "status", "0", "--json"]);
  expect(JSON.parse(stdout)).toEqual({ words: ["status", "0", "--json"] });
  expect(code).toBe(0);
  expect(stderr).toContain("installing the dependencies with npm ci, because this is the first run here");
  expect(await calls()).toHaveLength(1);
});

test("what is installed is not installed again, and the exit code is handed on", async () => {
  await run(["lab", "status"]);
  const { code, stderr } = await run(["lab", "check", "1"]);
  expect({ code, stderr, calls: (await calls()).length }).toEqual({ code: 1, stderr: "", calls: 1 });
});

test("a newer package-lock.json and a half-finished installation are both repaired", async () => {
  await run(["lab", "status"]);
  const later = new Date(Date.now() + 60_000);
  await utimes(join(clone, "package-lock.json"), later, later);
  expect((await run(["lab", "status"])).stderr).toContain("package-lock.json has changed");
  await utimes(join(clone, "package-lock.json"), new Date(0), new Date(0));
  await rm(join(clone, "node_modules", ".package-lock.json"));
  expect((await run(["lab", "status"])).stderr).toContain("the last installation was not finished");
  expect(await calls()).toHaveLength(3);
});

test("two at once install once", async () => {
  const both = await Promise.all([1, 2].map(() => run(["lab", "status"], { FAKE_NPM_MS: "600" })));
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(await calls()).toHaveLength(1);
});

test("a lock left by a dead process does not count", async () => {
  const dead = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => dead.on("exit", resolve));
  await mkdir(join(clone, ".lab"));
  await writeFile(join(clone, ".lab", "install.lock"), String(dead.pid));
  expect((await run(["lab", "status"])).code).toBe(0);
  await expect(readFile(join(clone, ".lab", "install.lock"))).rejects.toThrow("ENOENT");
});

test("many who find the same stale lock install once", async () => {
  const dead = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => dead.on("exit", resolve));
  await mkdir(join(clone, ".lab"));
  await writeFile(join(clone, ".lab", "install.lock"), String(dead.pid));
  const all = await Promise.all(
    Array.from({ length: 6 }, () => run(["lab", "status"], { FAKE_NPM_MS: "800" })),
  );
  expect(all.map(({ code }) => code)).toEqual(Array(6).fill(0));
  expect(await calls()).toHaveLength(1);
  expect(await readdir(join(clone, ".lab"))).toEqual([]);
}, 20_000);

test("a Node without type stripping, as Debian builds it, is not handed over to", async () => {
  const env = { FAKE_NO_NODE: "1" };
  expect((await start(["lab", "status"], env).done).code).toBe(0);
  const { code, stderr } = await start(["lab", "status"], env, ["--no-experimental-strip-types"]).done;
  expect(code).toBe(2);
  expect(stderr).toContain("built without the type stripping that runs TypeScript");
});

test.each([
  ["npm error code ENOTFOUND", "the package registry cannot be reached"],
  ["npm error code SELF_SIGNED_CERT_IN_CHAIN", "set NODE_EXTRA_CA_CERTS"],
  ["npm error something new", "npm ci failed with exit code 1 and said:\nnpm error something new"],
])("npm's failure %j becomes a sentence", async (said, sentence) => {
  const { code, stdout, stderr } = await run(["lab", "up"], { FAKE_NPM_ERROR: said });
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(sentence);
});

test("signals reach the program, and its exit code comes back", async () => {
  const { child, out, done } = start(["lab", "wait"]);
  await waitUntil("the program to start", () => out.stdout.includes("ready"), {
    deadlineMs: 8000,
    intervalMs: 20,
  });
  child.kill("SIGTERM");
  expect(await done).toMatchObject({ code: 42, stdout: "ready\nchild got SIGTERM\n" });
});

test("exec runs a program of node_modules/.bin and names a missing one", async () => {
  await run(["lab", "status"]);
  const program = join(clone, "node_modules", ".bin", "hello");
  await writeFile(program, '#!/bin/sh\necho "hello $1"\nexit 7\n');
  await chmod(program, 0o755);
  expect(await run(["exec", "hello", "a b"])).toMatchObject({ code: 7, stdout: "hello a b\n" });
  expect(await run(["exec", "nothing"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no program "nothing"'),
  });
});
