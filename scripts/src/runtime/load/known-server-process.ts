// A server that answers every request a known time after its arrival, on a port of its own choice, and keeps a record
// of when it really did. Its parent sets the stall and asks for the record.

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { headers } from "@evenkeel/contracts";
import { Alarm } from "./alarm.ts";
import { now } from "./clock.ts";
import { answerAt, type Stall } from "./known-latency.ts";
import type { Served, ServerOrder, ServerWord } from "./known-server.ts";

const alarm = await Alarm.start();
let latency = 0;
let planned: { afterMs: number; ms: number } | undefined;
let stall: Stall | undefined;
let served: Served[] = [];
/** In the order in which they are due. */
const waiting: (Omit<Served, "written"> & { response: ServerResponse })[] = [];
let armed = false;
const connections = new WeakMap<Socket, number>();
let connected = 0;

const say = (word: ServerWord) => process.send?.(word);

function answer(): void {
  armed = false;
  for (let first = waiting[0]; first && first.due <= now(); first = waiting[0]) {
    const { response, ...request } = first;
    served.push({ ...request, written: now() });
    response.end("ok");
    waiting.shift();
  }
  arm();
}

function arm(): void {
  const [first] = waiting;
  if (armed || !first) return;
  armed = true;
  alarm.ring(first.due, answer);
}

const server = createServer((request, response) => {
  const arrival = now();
  request.resume();
  // The load's first request starts the clock of the stall.
  if (planned) {
    stall = { from: arrival + planned.afterMs, until: arrival + planned.afterMs + planned.ms };
    planned = undefined;
  }
  response.setHeader("X-Instance-ID", "1");
  const n = Number(/\d+$/.exec(String(request.headers[headers.requestId]))?.[0]);
  const connection = connections.get(request.socket) ?? 0;
  waiting.push({ n, connection, arrival, due: answerAt(arrival, latency, stall), response });
  arm();
});
server.on("connection", (socket) => connections.set(socket, connected++));
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => say({ port: (server.address() as AddressInfo).port }));

process.on("message", (order: ServerOrder) => {
  if ("latencyMs" in order) {
    latency = order.latencyMs;
    planned = order.stall;
    stall = undefined;
    served = [];
    say({ ready: true });
  } else say({ served });
});
process.on("disconnect", () => process.exit());
