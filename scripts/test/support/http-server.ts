import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What came to the server. */
export interface Seen {
  url: string;
  requests: IncomingMessage[];
  bodies: string[];
  connections: number;
}
export type Listener = (request: IncomingMessage, response: ServerResponse, n: number) => void;

/** A server on a port of its own for as long as `use` takes. */
export async function withServer<T>(listener: Listener, use: (seen: Seen) => Promise<T>): Promise<T> {
  const seen: Seen = { url: "", requests: [], bodies: [], connections: 0 };
  const server = createServer(async (request, response) => {
    const n = seen.requests.push(request) - 1;
    let body = "";
    for await (const chunk of request) body += chunk;
    seen.bodies.push(body);
    listener(request, response, n);
  });
  server.on("connection", () => seen.connections++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  seen.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    return await use(seen);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The smallest request of a mix, and the smallest good answer of a replica. */
export const get = { kind: "GET /", weight: 1, method: "GET", path: "/" };
export const good: Listener = (_, response) => response.setHeader("X-Instance-ID", "1").end("ok");
