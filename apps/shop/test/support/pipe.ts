import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A cable to a server that can be cut, or made to swallow everything, and mended. */
export interface Pipe {
  readonly url: string;
  /** Ends all connections and refuses new ones until `mend()`. */
  cut(): void;
  /** Keeps all connections open and carries nothing, which no one notices by itself. */
  stall(): void;
  mend(): void;
}

export async function openPipe(target: string): Promise<Pipe> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let mode: "open" | "cut" | "stalled" = "open";
  const server = createServer((near) => {
    if (mode === "cut") return near.destroy();
    const far = connect(Number(port || 6379), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (bytes) => mode === "open" && to.write(bytes));
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  const endAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    endAll();
    server.close();
  });
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => {
      mode = "cut";
      endAll();
    },
    stall: () => {
      mode = "stalled";
    },
    mend: () => {
      // What was swallowed is gone for good, as after a partition with a reset.
      if (mode === "stalled") endAll();
      mode = "open";
    },
  };
}
