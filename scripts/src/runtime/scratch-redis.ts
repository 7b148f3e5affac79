import { connect as connectTcp } from "node:net";
import { waitUntil } from "../lib/wait-until.ts";
import { type ScratchServer, scratchContainer } from "./scratch-container.ts";

export interface ScratchRedis extends ScratchServer {
  /** `redis://127.0.0.1:49153` */
  url: string;
}

/** Starts a throw-away Redis from the lab's image on a free port of 127.0.0.1; disposing removes it. */
export async function scratchRedis(): Promise<ScratchRedis> {
  const server = await scratchContainer({
    service: "redis",
    run: ["--user", "999:999", "--tmpfs", "/data:uid=999,gid=999", "--publish", "127.0.0.1::6379"],
    command: ["redis-server", "--save", "", "--appendonly", "no", "--protected-mode", "no"],
    port: 6379,
    ready: ({ address }) =>
      waitUntil("the scratch Redis to answer", () => pong(Number(address.split(":")[1])), {
        deadlineMs: 20_000,
        intervalMs: 50,
      }),
  });
  return { ...server, url: `redis://${server.address}` };
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
