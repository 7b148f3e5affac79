import { randomBytes } from "node:crypto";
import { connect as connectTcp } from "node:net";
import { command } from "../lib/command.ts";
import { waitUntil } from "../lib/wait-until.ts";
import { compose } from "./compose.ts";

/** A Redis of its own for tests and benchmarks; the lab's Redis is not reachable from outside. */
export interface ScratchRedis extends AsyncDisposable {
  /** `redis://127.0.0.1:49153` */
  url: string;
}

/** Starts a throw-away Redis from the lab's image on a free port of 127.0.0.1; disposing removes it. */
export async function scratchRedis(): Promise<ScratchRedis> {
  const config = JSON.parse(await compose(["config", "--format", "json"]));
  const image: string = config.services.redis.image;
  const name = `evenkeel-scratch-redis-${randomBytes(4).toString("hex")}`;
  const server = ["redis-server", "--save", "", "--appendonly", "no", "--protected-mode", "no"];
  await command("docker", [
    ...["run", "-d", "--rm", "--name", name, "--user", "999:999", "--read-only", "--cap-drop", "ALL"],
    ...["--tmpfs", "/data:uid=999,gid=999", "--publish", "127.0.0.1::6379", image, ...server],
  ]);
  const dispose = async () => {
    await command("docker", ["rm", "-f", name], { uninterruptible: true });
  };
  try {
    const [address = ""] = (await command("docker", ["port", name, "6379/tcp"])).trim().split("\n");
    const port = Number(address.slice(address.lastIndexOf(":") + 1));
    await waitUntil("the scratch Redis to answer", () => pong(port), { deadlineMs: 20_000, intervalMs: 50 });
    return { url: `redis://127.0.0.1:${port}`, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A published port accepts before Redis does, so only its PONG counts. */
function pong(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString().startsWith("+PONG"));
    });
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
}
