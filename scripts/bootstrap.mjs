// Makes every npm script work from a bare clone: installs the dependencies when they are missing or older than
// package-lock.json, then hands over to Node 24. Plain JavaScript for any Node from 18 on, because it runs before
// anything is installed. Its own words go to standard error: standard output belongs to the program behind it.
//
//   node scripts/bootstrap.mjs lab <verb> …     the lab's command line
//   node scripts/bootstrap.mjs exec <bin> …     a program of node_modules/.bin

import { spawn } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { constants } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const windows = process.platform === "win32";
const lock = join(root, ".lab", "install.lock");
const modules = join(root, "node_modules");
const INSTALL_MINUTES = 15;

class BootstrapError extends Error {}

const say = (text) => process.stderr.write(`evenkeel: ${text}\n`);
const modified = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

// npm writes this file last, so an interrupted install has none and is repaired by the next.
const installed = () =>
  modified(join(modules, ".package-lock.json")) >= modified(join(root, "package-lock.json"));
const present = () => existsSync(join(modules, ".package-lock.json"));

async function ensureInstalled() {
  if (present() && installed()) return;
  const release = await takeLock();
  try {
    if (present() && installed()) return;
    const why = !existsSync(modules)
      ? "this is the first run here"
      : present()
        ? "package-lock.json has changed"
        : "the last installation was not finished";
    say(`installing the dependencies with npm ci, because ${why} …`);
    const start = Date.now();
    await npmCi();
    say(`dependencies installed in ${Math.round((Date.now() - start) / 1000)} s.`);
    // For the benchmark first-start: the lab notes how long the way from a bare clone to its first answer took.
    if (why === "this is the first run here") process.env.EVENKEEL_BARE_SINCE = String(start);
  } finally {
    release();
  }
}

/** One installation at a time. A lock whose owner is gone does not count. */
async function takeLock() {
  mkdirSync(dirname(lock), { recursive: true });
  const deadline = Date.now() + INSTALL_MINUTES * 60_000;
  for (let told = false; ; told = true) {
    try {
      writeFileSync(lock, String(process.pid), { flag: "wx" });
      return () => {
        if (lockOwner() === process.pid) rmSync(lock, { force: true });
      };
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const owner = lockOwner();
    if (owner === "none") continue;
    if (owner === "gone") {
      takeAway();
      continue;
    }
    if (Date.now() > deadline)
      throw new BootstrapError(
        `Process ${owner} has been installing the dependencies for more than ${INSTALL_MINUTES} minutes. ` +
          `End it, or delete ${lock} when it is no installation.`,
      );
    if (!told) say(`waiting for process ${owner}, which is installing the dependencies …`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/**
 * Takes a lock away whose owner is gone. Several may want to at once, and between the look and the deed another
 * one may have put its own there: renaming succeeds for one of them only, and what was got by mistake goes back.
 */
function takeAway() {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    if (lockOwner(aside) !== "gone") linkSync(aside, lock);
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  }
  rmSync(aside, { force: true });
}

/** Pid of a lock's living owner, else "gone"; "none" where there is no lock. */
function lockOwner(file = lock) {
  let pid = 0;
  try {
    pid = Number(readFileSync(file, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return "none";
    throw error;
  }
  // Between creating and writing the file is empty for an instant.
  if (!pid) return Date.now() - modified(file) > 5000 ? "gone" : "unknown";
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return error.code === "EPERM" ? pid : "gone";
  }
}

function npmCi() {
  // npm tells its scripts where it is; a user who calls this file directly has it on the PATH.
  const own = process.env.npm_execpath;
  const [file, ...before] =
    own && basename(own).startsWith("npm") ? [process.execPath, own] : [windows ? "npm.cmd" : "npm"];
  const args = [
    "ci",
    "--include=dev",
    "--no-audit",
    "--no-fund",
    "--fetch-retry-mintimeout=2000",
    "--fetch-retry-maxtimeout=8000",
  ];
  return new Promise((resolve, reject) => {
    // A .cmd file is started by a shell only. NODE_ENV=production would leave out what the lab runs on.
    const child = spawn(file, [...before, ...args], {
      cwd: root,
      shell: windows && before.length === 0,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NODE_ENV: "development" },
    });
    let said = "";
    const keep = (chunk) => {
      said = (said + chunk).slice(-20_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const stopForwarding = forwardSignals(child);
    child.on("error", (error) => reject(new BootstrapError(`npm could not be started: ${error.message}.`)));
    child.on("close", (code, signal) => {
      stopForwarding();
      if (code === 0) return resolve();
      if (signal)
        return reject(
          new BootstrapError(`The installation was interrupted (${signal}); the next try repairs it.`),
        );
      reject(new BootstrapError(explainNpm(said, code)));
    });
  });
}

function explainNpm(said, code) {
  if (/SELF_SIGNED_CERT|UNABLE_TO_(GET|VERIFY)|CERT_UNTRUSTED/.test(said))
    return "The dependencies could not be installed, because a firewall re-signs TLS with an authority that Node does not know: set NODE_EXTRA_CA_CERTS to its certificate file and try again.";
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED/.test(said))
    return "The dependencies could not be installed, because the package registry cannot be reached: connect this machine to the network, or tell npm your proxy (npm config set proxy …), and try again.";
  const tail = said.trim().split("\n").slice(-12).join("\n");
  return `The dependencies could not be installed; npm ci failed with exit code ${code} and said:\n${tail}`;
}

/**
 * The Node that runs TypeScript as it is: the pinned one, else this one when it can. A version of 24 is not
 * enough: Debian builds its Node without type stripping.
 */
function node24() {
  const pinned = join(modules, "node", "bin", windows ? "node.exe" : "node");
  if (existsSync(pinned)) return pinned;
  const recent = Number(process.versions.node.split(".")[0]) >= 24;
  if (recent && process.features.typescript) return process.execPath;
  const lack = recent ? ", built without the type stripping that runs TypeScript" : "";
  throw new BootstrapError(
    `The lab runs on Node 24, this is Node ${process.versions.node}${lack}, and node_modules/node has no program in it, ` +
      "which happens when npm may not run install scripts. Allow them for one installation " +
      "(npm ci --ignore-scripts=false), or install Node 24 from nodejs.org yourself.",
  );
}

function handOver([mode, ...rest]) {
  const node = node24();
  const bin = join(modules, ".bin");
  const env = { ...process.env };
  const pathName = Object.keys(env).find((name) => name.toUpperCase() === "PATH") ?? "PATH";
  env[pathName] = [dirname(node), bin, env[pathName]].filter(Boolean).join(delimiter);
  // Removing types is experimental in Node 24, and the reports' script needs it; no news for who measures.
  const quiet = "--disable-warning=ExperimentalWarning";
  if (mode === "lab") return run(node, [quiet, join(root, "scripts", "src", "cli.ts"), ...rest], env);
  const [name, ...args] = rest;
  const program = join(bin, windows ? `${name}.cmd` : String(name));
  if (mode !== "exec" || !name)
    throw new BootstrapError("Type: node scripts/bootstrap.mjs lab <verb> …   or   … exec <program> …");
  if (!existsSync(program)) throw new BootstrapError(`There is no program "${name}" in node_modules/.bin.`);
  return run(program, args, env);
}

function run(file, args, env) {
  const shell = windows && file.endsWith(".cmd");
  const quote = (word) => (shell ? `"${word.replace(/"/g, '""')}"` : word);
  return new Promise((resolve, reject) => {
    const child = spawn(quote(file), args.map(quote), { cwd: root, env, shell, stdio: "inherit" });
    const stopForwarding = forwardSignals(child);
    child.on("error", (error) =>
      reject(new BootstrapError(`${file} could not be started: ${error.message}.`)),
    );
    child.on("exit", (code, signal) => {
      stopForwarding();
      resolve(signal ? 128 + (constants.signals[signal] ?? 0) : (code ?? 1));
    });
  });
}

/** The child decides what a signal means; this process only waits for it. */
function forwardSignals(child) {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  // A Windows console gives Ctrl-C to every program itself, and kill() would end the child at once.
  const forward = (signal) => (windows ? undefined : child.kill(signal));
  for (const signal of signals) process.on(signal, forward);
  return () => {
    for (const signal of signals) process.off(signal, forward);
  };
}

try {
  await ensureInstalled();
  process.exitCode = await handOver(process.argv.slice(2));
} catch (error) {
  say(error instanceof BootstrapError ? error.message : error.stack);
  process.exitCode = 2;
}
