/** What the machine has; gathered by facts.ts, judged here, so that every case can be tested without an engine. */
export interface EngineFacts {
  platform: NodeJS.Platform;
  /** `ID` or `ID_LIKE` of /etc/os-release names debian or ubuntu. */
  debianLike: boolean;
  root: boolean;
  /** `sudo` works without asking for a password. */
  sudo: boolean;
  installAllowed: boolean;
  /** Address of the engine and who chose it. */
  host: string;
  chosenBy: "DOCKER_HOST" | "context" | "default";
  answer: "ok" | "permission" | "none";
  /** Why it did not answer. */
  reason: string;
  /** The engine's program is installed on this machine. */
  daemon: boolean;
  /** systemd is the init of this machine. */
  systemd: boolean;
  /** Version of each part, undefined when it is missing. */
  cli: string | undefined;
  compose: string | undefined;
  buildx: string | undefined;
}

export type EngineCase =
  | { case: "ready" }
  | { case: "start"; how: "systemd" | "process" }
  | { case: "install" }
  | { case: "plugins"; missing: ("compose" | "buildx")[] }
  | { case: "error"; code: string; message: string; hint: string };

/** Compose before 2.20 knows neither `--no-recreate` with `--scale` as used here nor `secrets` in builds. */
export const COMPOSE_MINIMUM = "2.20";

export const PACKAGES = ["docker.io", "docker-cli", "iptables", "tini", "ca-certificates"] as const;

const error = (code: string, message: string, hint: string): EngineCase => ({
  case: "error",
  code,
  message,
  hint,
});

/** The one thing to do next. Asked again after it was done, until it says "ready" or gives an error. */
export function decide(facts: EngineFacts): EngineCase {
  const mayInstall = facts.platform === "linux" && facts.debianLike && (facts.root || facts.sudo);
  if (facts.answer === "ok") return decideTools(facts, mayInstall);
  if (facts.answer === "permission")
    return error(
      "engine.permission",
      `A Docker engine runs at ${facts.host}, but this user may not talk to it.`,
      'Join the group "docker" with: sudo usermod -aG docker $USER   then log in again (or type: newgrp docker).',
    );
  if (facts.chosenBy !== "default") {
    const who = facts.chosenBy === "DOCKER_HOST" ? "DOCKER_HOST" : "the docker command's current context";
    return error(
      "engine.elsewhere",
      `${who} chooses the engine at ${facts.host}, and that does not answer: ${facts.reason}`,
      facts.chosenBy === "DOCKER_HOST"
        ? "Start that engine, or use this machine's own with: unset DOCKER_HOST"
        : "Start that engine, or use this machine's own with: docker context use default",
    );
  }
  if (facts.daemon) {
    if (facts.platform === "linux" && (facts.root || facts.sudo))
      return { case: "start", how: facts.systemd ? "systemd" : "process" };
    return error(
      "engine.stopped",
      "A Docker engine is installed but does not run, and only root may start it.",
      facts.systemd ? "Type: sudo systemctl start docker" : "Type: sudo dockerd",
    );
  }
  if (mayInstall && facts.installAllowed) return { case: "install" };
  const clientOnly = facts.cli ? " (There is a docker command, but it is only a client.)" : "";
  if (mayInstall)
    return error(
      "engine.missing",
      `There is no Docker engine on this machine, and LAB_INSTALL=no forbids to install it.${clientOnly}`,
      `It would have installed ${PACKAGES.join(", ")}, Docker Compose 2 and buildx from Debian packages.`,
    );
  return error(
    "engine.missing",
    `There is no Docker engine on this machine.${clientOnly}`,
    howToInstall(facts),
  );
}

function decideTools(facts: EngineFacts, mayInstall: boolean): EngineCase {
  if (!facts.cli)
    return error(
      "engine.client",
      "A Docker engine answers, but the docker command is missing; the lab drives Compose with it.",
      facts.debianLike ? "Type: sudo apt-get install docker.io" : "Install the Docker CLI of your system.",
    );
  const missing: ("compose" | "buildx")[] = [];
  if (!facts.compose || olderThan(facts.compose, COMPOSE_MINIMUM)) missing.push("compose");
  if (!facts.buildx) missing.push("buildx");
  if (missing.length === 0) return { case: "ready" };
  // Plug-ins need no root: the docker command finds them in the home folder, too.
  if (facts.installAllowed && facts.platform === "linux" && facts.debianLike)
    return { case: "plugins", missing };
  const have = facts.compose ? `Docker Compose ${facts.compose} is older than ${COMPOSE_MINIMUM}` : "";
  const lacks = missing.filter((part) => part === "buildx" || !have).map(NAME);
  const what = [have, lacks.length ? `${lacks.join(" and ")} is missing` : ""].filter(Boolean).join(", and ");
  return error(
    "engine.plugins",
    `The Docker engine answers, but ${what}${mayInstall || facts.debianLike ? ", and LAB_INSTALL=no forbids to install it" : ""}.`,
    "Install the packages docker-compose-plugin and docker-buildx-plugin, or update Docker Desktop.",
  );
}

const NAME = (part: "compose" | "buildx") => (part === "compose" ? "Docker Compose 2" : "Docker buildx");

function howToInstall(facts: EngineFacts): string {
  if (facts.platform === "darwin" || facts.platform === "win32")
    return "Install Docker Desktop (or start it, when it is installed), then try again.";
  if (facts.debianLike) return "Install it as root: sudo apt-get install docker.io   then try again.";
  return "Install Docker Engine with Compose 2 and buildx from your distribution's packages, start it, then try again.";
}

/** Compares dotted versions, minding only numbers: `2.40.3-3` is not older than `2.20`. */
export function olderThan(version: string, minimum: string): boolean {
  const numbers = (text: string) => (text.match(/\d+/g) ?? []).map(Number);
  const [have, want] = [numbers(version), numbers(minimum)];
  for (const [i, part] of want.entries()) {
    const own = have[i] ?? 0;
    if (own !== part) return own < part;
  }
  return false;
}
