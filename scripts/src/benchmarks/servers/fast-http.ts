// The server that load generators are compared on: plain node:http, 200 bytes. Usage: PORT=… node fast-http.ts
import { createServer } from "node:http";

const body = "x".repeat(200);
createServer((_request, response) => {
  response.writeHead(200, {
    "Content-Length": body.length,
    "X-Instance-ID": "1",
    "X-Strategy": "round-robin",
  });
  response.end(body);
}).listen(Number(process.env.PORT), "127.0.0.1");
