import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { reason } from "../../lib/errors.ts";
import { endpoint, ping } from "../docker.ts";
import { mayInstall } from "../settings.ts";
import type { EngineFacts } from "./decide.ts";

/** Looks at this machine and asks the engine; changes nothing. */
export async function gatherFacts(): Promise<EngineFacts> {
  const { host, source } = endpoint();
  const root = process.getuid?.() === 0;
  const [engine, sudo, cli, compose, buildx] = await Promise.all([
    askEngine(),
    root ? false : succeeds("sudo", ["-n", "true"]),
    versionOf(["--version"]),
    versionOf(["compose", "version", "--short"]),
    versionOf(["buildx", "version"]),
  ]);
  return {
    platform: process.platform,
    debianLike: debianLike(),
    root,
    sudo,
    installAllowed: mayInstall(),
    host,
    chosenBy: source,
    ...engine,
    daemon: findProgram("dockerd") !== undefined,
    systemd: existsSync("/run/systemd/system"),
    cli,
    compose,
    buildx,
  };
}

async function askEngine(): Promise<Pick<EngineFacts, "answer" | "reason">> {
  try {
    await ping();
    return { answer: "ok", reason: "" };
  } catch (error) {
    return { answer: isForbidden(error) ? "permission" : "none", reason: reason(error) };
  }
}

/** The socket is there, but not for this user. */
export function isForbidden(error: unknown): boolean {
  return ["EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "");
}

/** `ID` and `ID_LIKE` of an os-release file. */
export function debianLike(osRelease = readOr("/etc/os-release", "")): boolean {
  const ids = osRelease.match(/^ID(_LIKE)?=.*$/gm) ?? [];
  return ids.some((line) => /\b(debian|ubuntu)\b/.test(line));
}

/** A program on the PATH or where system programs live, which is not on every user's PATH. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

async function succeeds(file: string, args: string[]): Promise<boolean> {
  const { exitCode } = await execa(file, args, { reject: false, timeout: 5000, stdin: "ignore" });
  return exitCode === 0;
}

async function versionOf(args: string[]): Promise<string | undefined> {
  const { exitCode, stdout } = await execa("docker", args, {
    reject: false,
    timeout: 15_000,
    stdin: "ignore",
  });
  return exitCode === 0 ? (/\d+\.\d+[\w.+~-]*/.exec(stdout)?.[0] ?? undefined) : undefined;
}

export function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return otherwise;
  }
}
