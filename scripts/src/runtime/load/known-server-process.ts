// A server that answers every request a known time after its arrival, on a port of its own choice. Its parent sets
// the stall and asks how punctual it was.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Alarm } from "./alarm.ts";
import { now } from "./clock.ts";
import { Histogram } from "./histogram.ts";
import { answerAt, type Stall } from "./known-latency.ts";
import type { ServerOrder, ServerWord } from "./known-server.ts";

const alarm = await Alarm.start();
let latency = 0;
let planned: { afterMs: number; ms: number } | undefined;
let stall: Stall | undefined;
/** Milliseconds between the moment an answer was due and the moment it was written. */
let lateness = new Histogram();
/** In the order in which they are due. */
const waiting: { due: number; response: ServerResponse }[] = [];
let armed = false;

const say = (word: ServerWord) => process.send?.(word);

function answer(): void {
  armed = false;
  for (let first = waiting[0]; first && first.due <= now(); first = waiting[0]) {
    lateness.record((now() - first.due) * 1000);
    first.response.end("ok");
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
  waiting.push({ due: answerAt(arrival, latency, stall), response });
  arm();
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => say({ port: (server.address() as AddressInfo).port }));

process.on("message", (order: ServerOrder) => {
  if ("latencyMs" in order) {
    latency = order.latencyMs;
    planned = order.stall;
    stall = undefined;
    lateness = new Histogram();
    say({ ready: true });
  } else {
    const { p50, p99, max } = lateness.summary();
    say({ lateness: { p50, p99, max } });
  }
});
process.on("disconnect", () => process.exit());
