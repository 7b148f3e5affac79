import { execa } from "execa";
import { type CommandOptions, command } from "../lib/command.ts";
import { LabError } from "../lib/errors.ts";
import { paths } from "../lib/paths.ts";
import { caBundle } from "./ca-bundle.ts";
import { activeProfiles } from "./profiles.ts";

export type ComposeOptions = Pick<
  CommandOptions,
  "env" | "onLine" | "timeoutMs" | "uninterruptible" | "failure"
>;

/**
 * `docker compose …` with this terminal as its own, until it ends or Ctrl-C.
 * @returns its exit code; 0 after Ctrl-C, which is how one ends it.
 * @throws LabError `command.failed` when it could not be started or was killed.
 */
export async function composeAttached(args: string[], signal: AbortSignal): Promise<number> {
  // Starting a missing program with a signal that has come already would let Node kill this whole process group.
  if (signal.aborted) return 0;
  const ended = await execa("docker", ["compose", "--project-directory", paths.root, ...args], {
    cwd: paths.root,
    env: { COMPOSE_PROFILES: activeProfiles().join(",") },
    stdio: ["ignore", "inherit", "inherit"],
    reject: false,
    cancelSignal: signal,
  });
  if (signal.aborted) return 0;
  if (ended.exitCode !== undefined) return ended.exitCode;
  throw new LabError(`"docker compose ${args.join(" ")}" was cut short: ${ended.shortMessage}.`, {
    code: "command.failed",
    cause: ended,
  });
}

/**
 * `docker compose …` in this checkout; `.env` and the environment count as they would for you, only that
 * COMPOSE_PROFILES, when it is not set, means all that this machine can run.
 * @returns what it wrote to standard output.
 * @throws LabError naming the command and the reason Compose gave.
 */
export async function compose(args: string[], options: ComposeOptions = {}): Promise<string> {
  const ca = caBundle();
  return command("docker", ["compose", "--project-directory", paths.root, "--progress", "plain", ...args], {
    ...options,
    cwd: paths.root,
    env: { COMPOSE_PROFILES: activeProfiles().join(","), ...(ca ? { LAB_CA_FILE: ca } : {}), ...options.env },
  });
}

/** Services of the core and of the profiles that run, as docker-compose.yml names them. */
export async function activeServices(): Promise<string[]> {
  return (await compose(["config", "--services"]))
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

/** The parts of Compose's own view of docker-compose.yml that the lab looks at. */
export interface ComposeConfig {
  services: Record<string, { networks?: Record<string, unknown>; cpus?: number | string }>;
  networks: Record<string, { name: string }>;
}

/** docker-compose.yml as Compose reads it with this environment. */
export async function composeConfig(env: Record<string, string>): Promise<ComposeConfig> {
  return JSON.parse(await compose(["config", "--format", "json"], { env })) as ComposeConfig;
}
