import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Under a load that never pauses the door is closed all the same. */
const QUIET_DEADLINE_MS = 500;
/** A turn of the event loop without work takes some 10 microseconds, the smallest request ten times that. */
const IDLE_TURN_MS = 0.05;

/** Resolves with the port that was taken. */
export function listen(server: Server, port: number, host?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host, backlog: 1024 }, () => {
      server.removeListener("error", reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/**
 * Resolves in a turn of the event loop that had nothing to do and found nobody at the door. Closing it
 * resets whoever the kernel let in and Node did not accept yet, and a balancer must not repeat a POST that
 * was cut off like that. Node accepts one connection per turn, and more arrive while it does other work.
 * What remains is a race of microseconds that only a balancer can close, by not sending here any more.
 */
export async function quietDoor(server: Server): Promise<void> {
  let knocked = false;
  const onConnection = () => {
    knocked = true;
  };
  server.on("connection", onConnection);
  const deadline = performance.now() + QUIET_DEADLINE_MS;
  for (let idle = false, turn = performance.now(); !idle && turn < deadline; ) {
    knocked = false;
    await new Promise(setImmediate);
    const now = performance.now();
    idle = !knocked && now - turn < IDLE_TURN_MS;
    turn = now;
  }
  server.removeListener("connection", onConnection);
}

/** Resolves when the last connection is gone, with the number of connections cut at the deadline. */
export async function close(server: Server, deadlineMs: number): Promise<number> {
  const connections = () => new Promise<number>((done) => server.getConnections((_, count) => done(count)));
  const closed = new Promise<void>((done) => server.close(() => done()));
  let cut = 0;
  // A keep-alive connection that was busy when close() was called becomes idle later.
  const sweep = setInterval(() => server.closeIdleConnections(), 20);
  const deadline = setTimeout(async () => {
    cut = await connections();
    server.closeAllConnections();
  }, deadlineMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(deadline);
  return cut;
}
