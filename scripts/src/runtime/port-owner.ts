import { readdir, readFile, readlink } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { execa } from "execa";

export interface Listener {
  /** Local port. */
  port: number;
  /** Kernel's number of the socket. */
  inode: string;
}

/** A process that listens. */
export interface PortOwner {
  pid: number;
  name: string;
  /** Its command line, shortened. */
  command: string;
}

const LISTEN = "0A";
const COMMAND_LENGTH = 80;

/** Listening sockets in the text of /proc/net/tcp or tcp6 (hexadecimal, one line each). */
export function parseListeners(text: string): Listener[] {
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === LISTEN)
    .map((fields) => ({ port: Number.parseInt(fields[1]?.split(":")[1] ?? "", 16), inode: fields[9] ?? "" }));
}

/** Why nothing can be published at an address and port: somebody listens, or the address is not this machine's. */
export async function bindProblem(address: string, port: number): Promise<"taken" | "address" | undefined> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: address, port, exclusive: true }, resolve);
    });
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") return "taken";
    // EACCES: a port below 1024, which the engine may open though we may not.
    return code === "EADDRNOTAVAIL" ? "address" : undefined;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Who listens on a port of this machine; empty when that cannot be seen (another user's process). */
export async function portOwners(port: number, proc = "/proc"): Promise<PortOwner[]> {
  return process.platform === "linux" ? fromProc(port, proc) : fromLsof(port);
}

async function fromProc(port: number, proc: string): Promise<PortOwner[]> {
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => textOf(join(proc, "net", name))));
  const inodes = new Set(
    tables
      .flatMap(parseListeners)
      .filter((listener) => listener.port === port)
      .map(({ inode }) => `socket:[${inode}]`),
  );
  if (inodes.size === 0) return [];
  const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
  const owners = await Promise.all(pids.map((pid) => ownerAmong(join(proc, pid), Number(pid), inodes)));
  return owners.filter((owner) => owner !== undefined);
}

async function ownerAmong(folder: string, pid: number, inodes: Set<string>): Promise<PortOwner | undefined> {
  // Processes end while we look, and others' open files are not ours to see.
  const files = await readdir(join(folder, "fd")).catch(() => []);
  for (const file of files) {
    const target = await readlink(join(folder, "fd", file)).catch(() => "");
    if (!inodes.has(target)) continue;
    const name = (await textOf(join(folder, "comm"))).trim();
    const words = (await textOf(join(folder, "cmdline"))).split("\0").filter(Boolean).join(" ");
    return { pid, name, command: shorten(words || name) };
  }
  return undefined;
}

async function fromLsof(port: number): Promise<PortOwner[]> {
  const { stdout } = await execa("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"], { reject: false });
  return parseLsof(stdout ?? "");
}

/** Reads `lsof -Fpc`: a line `p<pid>`, then a line `c<name>`. */
export function parseLsof(text: string): PortOwner[] {
  const owners: PortOwner[] = [];
  let pid = 0;
  for (const line of text.split("\n")) {
    if (line.startsWith("p")) pid = Number(line.slice(1));
    if (line.startsWith("c") && pid) owners.push({ pid, name: line.slice(1), command: line.slice(1) });
  }
  return owners;
}

const shorten = (text: string) =>
  text.length > COMMAND_LENGTH ? `${text.slice(0, COMMAND_LENGTH - 1)}…` : text;

const textOf = (file: string) => readFile(file, "utf8").catch(() => "");
