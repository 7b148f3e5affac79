import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command } from "../../lib/command.ts";
import { LabError } from "../../lib/errors.ts";
import { readOr } from "./facts.ts";
import { asRoot } from "./privilege.ts";

type OnLine = (line: string) => void;

// Another apt (unattended upgrades on a fresh cloud machine) may hold the lock for a while.
const PATIENT = ["-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=2"];
const QUIET = { DEBIAN_FRONTEND: "noninteractive", NEEDRESTART_MODE: "l" };
const MINUTES = 60_000;

/** Refreshes the package lists. */
export async function aptUpdate(onLine?: OnLine): Promise<void> {
  await asRoot("apt-get", [...PATIENT, "update"], {
    env: QUIET,
    timeoutMs: 5 * MINUTES,
    failure: "The package lists could not be refreshed.",
    hint: "Check the network of this machine and /etc/apt/sources.list.",
    ...(onLine ? { onLine } : {}),
  });
}

/** Installs packages from the machine's own suites. */
export async function aptInstall(packages: string[], onLine?: OnLine): Promise<void> {
  await asRoot("apt-get", [...PATIENT, "install", "-y", "--no-install-recommends", ...packages], {
    env: QUIET,
    timeoutMs: 15 * MINUTES,
    failure: `${packages.join(", ")} could not be installed.`,
    ...(onLine ? { onLine } : {}),
  });
}

/** Version that apt would install of each package; undefined where the machine's suites have none. */
export async function aptCandidates(names: string[]): Promise<Map<string, string | undefined>> {
  const policy = await command("apt-cache", ["policy", ...names], { env: { LC_ALL: "C" } });
  return new Map(names.map((name) => [name, candidateIn(policy, name)]));
}

/** Reads `apt-cache policy`. */
export function candidateIn(policy: string, name: string): string | undefined {
  const lines = policy.split("\n");
  const at = lines.indexOf(`${name}:`);
  if (at < 0) return undefined;
  const line = lines.slice(at + 1, at + 4).find((text) => text.trim().startsWith("Candidate:"));
  const version = line?.split("Candidate:")[1]?.trim();
  return version && version !== "(none)" ? version.replace(/^\d+:/, "") : undefined;
}

/** Where this machine gets Debian packages from, so that no host name is written here. */
export function debianMirror(folder = "/etc/apt"): string | undefined {
  const parts = join(folder, "sources.list.d");
  const files = [
    join(folder, "sources.list"),
    ...(existsSync(parts) ? readdirSync(parts).sort() : []).map((file) => join(parts, file)),
  ].filter((file) => /\.(list|sources)$/.test(file));
  return mirrorIn(files.map((file) => readOr(file, "")).join("\n"));
}

/**
 * First address in sources (either format) that ends like a Debian archive; security archives have no suites of
 * their own. `mirror+file:` names a file with more addresses, as Debian's cloud images have it.
 */
export function mirrorIn(
  sources: string,
  read = (file: string) => readOr(file, ""),
  depth = 0,
): string | undefined {
  const active = sources.split("\n").filter((line) => !line.trimStart().startsWith("#"));
  const addresses = active.join("\n").match(/\b(https?|mirror\+\w+|file):\/\S+/g) ?? [];
  for (const address of addresses) {
    const list = /^mirror\+file:(?:\/\/)?(\/.+)$/.exec(address)?.[1];
    // A list may name itself.
    const found = list && depth < 2 ? mirrorIn(read(list), read, depth + 1) : address.replace(/\/+$/, "");
    if (found && /\/debian$/.test(found)) return found;
  }
  return undefined;
}

/**
 * Downloads packages of another Debian suite into a new folder, with package lists of its own: the machine's
 * apt never hears of that suite. Needs no root.
 * @returns the folder of the `.deb` files; whoever asked removes its parent.
 */
export async function downloadDebs(suite: string, packages: string[], onLine?: OnLine): Promise<string[]> {
  const mirror = debianMirror();
  if (!mirror)
    throw new LabError(
      `This machine's apt sources name no Debian archive to take ${packages.join(", ")} from.`,
      {
        code: "engine.no-mirror",
        hint: "Install Docker Compose 2 and buildx from your distribution, then try again.",
      },
    );
  const state = await mkdtemp(join(tmpdir(), "evenkeel-apt-"));
  for (const folder of ["lists/partial", "cache/archives/partial", "debs"])
    await mkdir(join(state, folder), { recursive: true });
  await writeFile(join(state, "sources.list"), `deb ${mirror} ${suite} main\n`);
  await writeFile(join(state, "status"), "");
  const own = [
    ...["-o", `Dir::Etc::sourcelist=${join(state, "sources.list")}`, "-o", "Dir::Etc::sourceparts=/dev/null"],
    ...[
      "-o",
      `Dir::State::Lists=${join(state, "lists")}`,
      "-o",
      `Dir::State::status=${join(state, "status")}`,
    ],
    ...["-o", `Dir::Cache=${join(state, "cache")}`, "-o", "Dir::Etc::preferencesparts=/dev/null"],
    // A mirror that lags behind is still signed; its age does not matter for two programs.
    ...[
      "-o",
      "Acquire::Check-Valid-Until=false",
      "-o",
      "APT::Sandbox::User=root",
      "-o",
      "Acquire::Languages=none",
    ],
  ];
  const options = { cwd: join(state, "debs"), timeoutMs: 5 * MINUTES, ...(onLine ? { onLine } : {}) };
  try {
    const failure = `The package list of Debian ${suite} could not be read.`;
    await command("apt-get", [...PATIENT, ...own, "update"], { ...options, failure });
    await command("apt-get", [...PATIENT, ...own, "download", ...packages], {
      ...options,
      failure: `${packages.join(", ")} could not be downloaded.`,
    });
    return (await readdir(join(state, "debs"))).map((file) => join(state, "debs", file));
  } catch (error) {
    await rm(state, { recursive: true, force: true });
    throw error;
  }
}
