import { randomBytes } from "node:crypto";
import { command } from "../lib/command.ts";
import { compose } from "./compose.ts";

/** A throw-away server for tests and benchmarks; the lab's own are not reachable from outside. */
export interface ScratchServer extends AsyncDisposable {
  /** `127.0.0.1:49153` */
  address: string;
  /** Name of its container. */
  name: string;
}

export interface ScratchOptions {
  /** Service of docker-compose.yml whose image it runs. */
  service: string;
  /** Options of `docker run`, above all `--publish`. */
  run: string[];
  command: string[];
  /** Port inside the container. */
  port: number;
  /** Resolves when it serves; polls with a deadline. */
  ready: (server: Pick<ScratchServer, "address" | "name">) => Promise<unknown>;
}

/** Runs a service's image beside the lab; disposing removes the container. */
export async function scratchContainer(options: ScratchOptions): Promise<ScratchServer> {
  const config = JSON.parse(await compose(["--profile", "*", "config", "--format", "json"]));
  const image: string = config.services[options.service].image;
  const name = `evenkeel-scratch-${options.service}-${randomBytes(4).toString("hex")}`;
  const fences = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
  const dispose = async () => {
    await command("docker", ["rm", "-f", name], { uninterruptible: true });
  };
  try {
    await command("docker", [
      ...["run", "-d", "--rm", "--name", name, ...fences, ...options.run],
      ...[image, ...options.command],
    ]);
    const [published = ""] = (await command("docker", ["port", name, `${options.port}/tcp`]))
      .trim()
      .split("\n");
    const address = `127.0.0.1:${published.slice(published.lastIndexOf(":") + 1)}`;
    await options.ready({ address, name });
    return { address, name, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
