import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import type { ContainerInfo } from "dockerode";
import { LabError } from "../../lib/errors.ts";
import { projectName } from "../settings.ts";
import { connect } from "./connection.ts";

export type Health = "healthy" | "unhealthy" | "starting" | "none";

/** One container of the lab's Compose project. */
export interface LabContainer {
  id: string;
  /** `evenkeel-app-1` */
  name: string;
  /** Service in docker-compose.yml. */
  service: string;
  /** Number behind the name, the replica's instance id. */
  ordinal: number;
  /** `created`, `running`, `paused`, `restarting`, `exited` or `dead`. */
  state: string;
  health: Health;
  /** Networks it hangs on, by name: `evenkeel_middle`. */
  networks: string[];
  /** Its address on each of its networks. */
  addresses: string[];
  /** The engine's own words: "Up 9 minutes (healthy)". */
  status: string;
  /** Ports of this machine that lead to it. */
  published: { address: string; port: number }[];
  image: string;
  /** Folder the project was started from. */
  workingDir: string;
}

export interface ContainerQuery {
  service?: string;
  /** Also those that do not run. */
  all?: boolean;
  /** Another Compose project than the configured one. */
  project?: string;
}

const NUMBER = "com.docker.compose.container-number";

/** The lab's containers, by service and number. Found by label, so docker-compose.yml need not be readable. */
export async function labContainers(query: ContainerQuery = {}): Promise<LabContainer[]> {
  // The number, too: Compose labels the images it builds with the project, and whatever is run from them by hand
  // inherits that. Such a container is not the lab's, and must not be counted or removed.
  const label = [`com.docker.compose.project=${query.project ?? projectName()}`, NUMBER];
  if (query.service) label.push(`com.docker.compose.service=${query.service}`);
  const found = await connect().listContainers({ all: query.all ?? false, filters: { label } });
  return found
    .map(toLabContainer)
    .sort((a, b) => a.service.localeCompare(b.service) || a.ordinal - b.ordinal);
}

/** Containers of every project that publish this port on this machine. */
export async function publishersOf(port: number): Promise<{ name: string; project: string | undefined }[]> {
  const running = await connect().listContainers();
  return running
    .filter((container) => container.Ports.some(({ PublicPort }) => PublicPort === port))
    .map((container) => ({
      name: nameOf(container),
      project: container.Labels["com.docker.compose.project"],
    }));
}

function toLabContainer(info: ContainerInfo): LabContainer {
  const networks = Object.values(info.NetworkSettings?.Networks ?? {});
  return {
    id: info.Id,
    name: nameOf(info),
    service: info.Labels["com.docker.compose.service"] ?? "",
    ordinal: Number(info.Labels[NUMBER] ?? 0),
    state: info.State,
    health: healthIn(info.Status),
    networks: Object.keys(info.NetworkSettings?.Networks ?? {}),
    addresses: networks.map(({ IPAddress }) => IPAddress).filter((address) => address !== ""),
    status: info.Status,
    published: info.Ports.filter(({ PublicPort }) => PublicPort > 0).map((entry) => ({
      address: entry.IP ?? "",
      port: entry.PublicPort,
    })),
    image: info.Image,
    workingDir: info.Labels["com.docker.compose.project.working_dir"] ?? "",
  };
}

const nameOf = (info: ContainerInfo) => (info.Names[0] ?? info.Id).replace(/^\//, "");

/** The list of containers tells health only inside its sentence; asking each one would be a request per probe. */
export function healthIn(status: string): Health {
  if (status.includes("(healthy)")) return "healthy";
  if (status.includes("(unhealthy)")) return "unhealthy";
  return status.includes("(health: starting)") ? "starting" : "none";
}

export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a command inside a container.
 * @throws LabError `exec.deadline` when it is not done in time (it may go on running in there).
 */
export async function exec(
  id: string,
  command: string[],
  { timeoutMs, workdir }: { timeoutMs: number; workdir?: string },
): Promise<ExecResult> {
  const run = await connect()
    .getContainer(id)
    .exec({
      Cmd: command,
      AttachStdout: true,
      AttachStderr: true,
      ...(workdir ? { WorkingDir: workdir } : {}),
    });
  const stream = await run.start({ hijack: true, stdin: false });
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  connect().modem.demuxStream(stream, stdout, stderr);
  const texts = Promise.all([text(stdout), text(stderr)]);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    await finished(stream, { signal, writable: false });
  } catch (cause) {
    stream.destroy();
    if (!signal.aborted) throw cause;
    throw new LabError(`"${command.join(" ")}" was not done within ${timeoutMs / 1000} s in the container.`, {
      code: "exec.deadline",
      cause,
    });
  } finally {
    stdout.end();
    stderr.end();
  }
  const [out, err] = await texts;
  const { ExitCode } = await run.inspect();
  return { exitCode: ExitCode ?? -1, stdout: out, stderr: err };
}

/** Sends a signal, `SIGKILL` when none is named. */
export async function kill(id: string, signal = "SIGKILL"): Promise<void> {
  await connect().getContainer(id).kill({ signal });
}

/** Starts a stopped container. */
export async function start(id: string): Promise<void> {
  await connect().getContainer(id).start();
}

/** Lets a paused container go on. */
export async function unpause(id: string): Promise<void> {
  await connect().getContainer(id).unpause();
}

/** Stops a container as `docker stop` does: its stop signal, then SIGKILL after the grace time. */
export async function stop(id: string, graceSeconds?: number): Promise<void> {
  await connect()
    .getContainer(id)
    .stop(graceSeconds === undefined ? {} : { t: graceSeconds });
}

/** Removes a container and its anonymous volumes, even while it runs. */
export async function remove(id: string): Promise<void> {
  await connect().getContainer(id).remove({ force: true, v: true });
}

/** Start as Unix time in milliseconds, and how often the engine restarted it. */
export async function inspect(
  id: string,
): Promise<{ startedAt: number; restarts: number; exitCode: number }> {
  const info = await connect().getContainer(id).inspect();
  return {
    startedAt: Date.parse(info.State.StartedAt),
    restarts: info.RestartCount,
    exitCode: info.State.ExitCode,
  };
}

/** Milliseconds for one probe; docker-compose.yml gives its own the same. */
const PROBE_MS = 3000;

/**
 * Runs a container's own health check once, now, instead of waiting for the engine to do so. False when it fails, and
 * of a container without one.
 */
export async function passesProbe(id: string): Promise<boolean> {
  const { Config } = await connect().getContainer(id).inspect();
  const [kind, ...words] = Config.Healthcheck?.Test ?? [];
  if (words.length === 0) return false;
  const command = kind === "CMD-SHELL" ? ["sh", "-c", ...words] : words;
  return (await exec(id, command, { timeoutMs: PROBE_MS })).exitCode === 0;
}
