import { randomUUID } from "node:crypto";
import { createServer, type RequestListener, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { PROBLEM_TYPE } from "@evenkeel/contracts";
import { toProblem } from "./problem.ts";

/** Must exceed the balancer's idle time (nginx: keepalive_timeout 55s), or it sends into a closing socket. */
const KEEP_ALIVE_MS = 65_000;
/** From the first byte of a request to its last. Idle keep-alive time does not count (since Node 18). */
const REQUEST_MS = 30_000;

const STATUS_BY_ERROR: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

export interface ServerOptions {
  readonly instanceId: string;
  readonly backend: string;
  readonly onMalformed: (requestId: string, status: number) => void;
}

/** Node's server with limits that fit a balancer in front; answers what is no HTTP in our own form. */
export function createHttpServer(app: RequestListener, options: ServerOptions): Server {
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      // The app refuses a missing Host itself, with the headers of every other answer.
      requireHostHeader: false,
    },
    app,
  );
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // An answer that has begun cannot be taken back.
    const begun = (socket as { _httpMessage?: { headersSent?: boolean } })._httpMessage?.headersSent;
    if (!socket.writable || begun || error.code === "ECONNRESET") socket.destroy();
    else refuse(socket, STATUS_BY_ERROR[error.code ?? ""] ?? 400, options);
  });
  // We are no proxy and know no expectations: CONNECT is refused, other expectations are ignored.
  server.on("connect", (_request, socket) => refuse(socket, 405, options));
  server.on("checkExpectation", app);
  return server;
}

const DETAIL: Readonly<Record<number, string>> = {
  405: "This method is not known here.",
  408: "The request took too long to arrive.",
  413: "The body has too many chunk extensions.",
  431: "The headers are too large.",
};

function refuse(socket: Duplex, status: number, { instanceId, backend, onMalformed }: ServerOptions): void {
  const requestId = randomUUID();
  const detail = DETAIL[status] ?? "This is not a well-formed HTTP request.";
  const body = JSON.stringify(toProblem({ status, code: "request.malformed", detail, requestId }));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `X-Instance-ID: ${instanceId}`,
    `X-Backend: ${backend}`,
    `X-Request-ID: ${requestId}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  if (status === 405) head.push("Allow: GET, HEAD, POST, PUT, DELETE");
  socket.on("error", () => socket.destroy());
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
  onMalformed(requestId, status);
}
