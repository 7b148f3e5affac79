import { mkdtemp, readdir, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { command } from "../../lib/command.ts";
import type { Step } from "../../lib/progress.ts";
import { aptCandidates, aptInstall, aptUpdate, downloadDebs } from "./apt.ts";
import { COMPOSE_MINIMUM, type EngineFacts, olderThan } from "./decide.ts";
import { asRoot } from "./privilege.ts";

type Plugin = "compose" | "buildx";

/** Names of the plug-ins' packages: Docker's own archive, Ubuntu, Debian. */
const PACKAGES: Record<Plugin, string[]> = {
  compose: ["docker-compose-plugin", "docker-compose-v2", "docker-compose"],
  buildx: ["docker-buildx-plugin", "docker-buildx"],
};
/** Debian's suite with both plug-ins, for machines whose own suites have none (Debian 12 and older). */
const SUITE = "forky";
const SYSTEM_FOLDER = "/usr/local/lib/docker/cli-plugins";

/** Which of the machine's own packages holds a plug-in that is new enough. */
export function choosePackage(
  plugin: Plugin,
  candidates: Map<string, string | undefined>,
): string | undefined {
  return PACKAGES[plugin].find((name) => {
    const version = candidates.get(name);
    return version !== undefined && !(plugin === "compose" && olderThan(version, COMPOSE_MINIMUM));
  });
}

/** Brings Compose 2 and buildx: from the machine's suites, else from a newer Debian suite. */
export async function installPlugins(missing: Plugin[], facts: EngineFacts, step: Step): Promise<void> {
  const root = facts.root || facts.sudo;
  if (root) await aptUpdate(step.progress);
  const candidates = await aptCandidates(missing.flatMap((plugin) => PACKAGES[plugin]));
  const rest: Plugin[] = [];
  for (const plugin of missing) {
    const own = root ? choosePackage(plugin, candidates) : undefined;
    if (!own) {
      rest.push(plugin);
      continue;
    }
    step.say(`Installing ${own} (${candidates.get(own)}).`);
    await aptInstall([own], step.progress);
  }
  if (rest.length === 0) return;
  const folder = root ? SYSTEM_FOLDER : join(homedir(), ".docker", "cli-plugins");
  const names = rest.map((plugin) => `docker-${plugin}`);
  step.say(`Taking ${names.join(" and ")} from Debian ${SUITE} into ${folder}; apt itself is left as it is.`);
  await fetchPlugins(rest, folder, step.progress);
}

/** Downloads the plug-ins of {@link SUITE} and puts the programs into a folder. */
export async function fetchPlugins(
  plugins: Plugin[],
  folder: string,
  onLine: (line: string) => void = () => undefined,
): Promise<string[]> {
  const debs = await downloadDebs(
    SUITE,
    plugins.map((plugin) => `docker-${plugin}`),
    onLine,
  );
  const unpacked = await mkdtemp(join(tmpdir(), "evenkeel-debs-"));
  try {
    for (const deb of debs) await command("dpkg-deb", ["-x", deb, unpacked]);
    const programs = join(unpacked, "usr", "libexec", "docker", "cli-plugins");
    const files = (await readdir(programs)).map((file) => join(programs, file));
    const run = folder.startsWith("/usr/") ? asRoot : command;
    await run("install", ["-d", "-m", "0755", folder]);
    await run("install", ["-m", "0755", ...files, folder]);
    return files.map((file) => join(folder, file.slice(programs.length + 1)));
  } finally {
    await rm(unpacked, { recursive: true, force: true });
    for (const deb of debs.slice(0, 1)) await rm(dirname(dirname(deb)), { recursive: true, force: true });
  }
}
