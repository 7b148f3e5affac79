import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";

/** Where the engine listens, and who said so. */
export interface Endpoint {
  /** `unix:///var/run/docker.sock`, `tcp://…`, `npipe://…`, `ssh://…` */
  host: string;
  source: "DOCKER_HOST" | "context" | "default";
  /** Name of the docker CLI's context, when it decided. */
  context?: string;
}

const DEFAULT =
  process.platform === "win32" ? "npipe:////./pipe/docker_engine" : "unix:///var/run/docker.sock";

/** The same choice as the docker command makes: DOCKER_HOST, then DOCKER_CONTEXT, then its current context. */
export function endpoint(env: NodeJS.ProcessEnv = process.env, home = homedir()): Endpoint {
  if (env.DOCKER_HOST) return { host: env.DOCKER_HOST, source: "DOCKER_HOST" };
  const config = env.DOCKER_CONFIG ?? join(home, ".docker");
  const context = env.DOCKER_CONTEXT ?? read(join(config, "config.json"), "currentContext");
  if (context && context !== "default") {
    const meta = join(config, "contexts", "meta", folderOf(context), "meta.json");
    const host = read(meta, "Endpoints", "docker", "Host");
    if (host) return { host, source: "context", context };
  }
  const desktop = join(home, ".docker", "run", "docker.sock");
  if (process.platform === "darwin" && existsSync(desktop))
    return { host: `unix://${desktop}`, source: "default" };
  return { host: DEFAULT, source: "default" };
}

/** For undoing: rejects as it did, unless what was to be changed back is gone. */
export async function unlessGone(change: Promise<unknown>): Promise<void> {
  await change.catch((error) => {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  });
}

let docker: Docker | undefined;

/** The engine's client. Makes no request, so it never fails by itself. */
export function connect(): Docker {
  docker ??= open(endpoint());
  return docker;
}

function open({ host, source, context }: Endpoint): Docker {
  // The library reads DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH itself.
  if (source === "DOCKER_HOST") return new Docker();
  if (host.startsWith("unix://")) return new Docker({ socketPath: host.slice("unix://".length) });
  if (host.startsWith("npipe://")) return new Docker({ socketPath: host.slice("npipe://".length) });
  const url = new URL(host);
  if (url.protocol === "ssh:") {
    const sshOptions = { agent: process.env.SSH_AUTH_SOCK } as Docker.DockerOptions["sshOptions"] & object;
    return new Docker({
      protocol: "ssh",
      host: url.hostname,
      port: url.port || 22,
      username: url.username,
      sshOptions,
    });
  }
  const tls = join(process.env.DOCKER_CONFIG ?? join(homedir(), ".docker"), "contexts", "tls");
  const file = (name: string) => join(tls, folderOf(context ?? ""), "docker", name);
  const keys = existsSync(file("cert.pem"))
    ? {
        ca: readFileSync(file("ca.pem")),
        cert: readFileSync(file("cert.pem")),
        key: readFileSync(file("key.pem")),
      }
    : {};
  return new Docker({
    protocol: "cert" in keys ? "https" : "http",
    host: url.hostname,
    port: url.port,
    ...keys,
  });
}

/** The docker CLI names a context's folder by the hash of the context's name. */
const folderOf = (context: string) => createHash("sha256").update(context).digest("hex");

function read(file: string, ...keys: string[]): string | undefined {
  try {
    let value: unknown = JSON.parse(readFileSync(file, "utf8"));
    for (const key of keys) value = (value as Record<string, unknown> | undefined)?.[key];
    return typeof value === "string" && value !== "" ? value : undefined;
  } catch {
    // No file, or not ours to understand: the docker CLI, too, then takes its default.
    return undefined;
  }
}
