import { readFile } from "node:fs/promises";
import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";
import { join } from "node:path";
import { command } from "../lib/command.ts";
import { paths } from "../lib/paths.ts";
import { cpuLimit, engineInfo, labContainers } from "../runtime/docker.ts";
import type { Environment } from "./evidence-schema.ts";

/**
 * What a figure depends on besides what was measured: versions, machine, the lab as it runs.
 * @param pool Instance numbers that the figure is about; those of now when not given.
 */
export async function environment(strategy: string, pool?: string[]): Promise<Environment> {
  const [containers, engine, commit, lab] = await Promise.all([
    labContainers({ all: true }),
    engineInfo(),
    gitCommit(),
    readFile(join(paths.root, "package.json"), "utf8"),
  ]);
  const limitOf = (service: string) => {
    const container = containers.find((one) => one.service === service);
    return container ? cpuLimit(container.id) : null;
  };
  const images = new Map(containers.map(({ service, image }) => [service, image]));
  return {
    versions: {
      lab: (JSON.parse(lab) as { version: string }).version,
      commit,
      node: process.versions.node,
      engine: engine.version,
      images: [...images].map(([service, image]) => ({ service, image })),
    },
    host: {
      platform: `${platform()} ${arch()}`,
      processor: cpus()[0]?.model.trim() || "processor of unknown make",
      cores: availableParallelism(),
      memoryBytes: totalmem(),
    },
    settings: {
      strategy,
      replicas:
        pool ?? containers.filter(({ service }) => service === "app").map(({ ordinal }) => String(ordinal)),
      replicaCpus: await limitOf("app"),
      nginxCpus: await limitOf("nginx"),
    },
  };
}

/** Short commit of the checkout, with "+" when files differ from it; null where there is no git or no commit. */
async function gitCommit(): Promise<string | null> {
  // After Ctrl-C, too: what was measured until then is written.
  const quietly = { cwd: paths.root, uninterruptible: true };
  try {
    const commit = await command("git", ["rev-parse", "--short", "HEAD"], quietly);
    const changed = await command("git", ["status", "--porcelain"], quietly);
    return `${commit.trim()}${changed.trim() ? "+" : ""}`;
  } catch {
    return null;
  }
}
