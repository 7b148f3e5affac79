import { Agent, get } from "node:http";
import { setInterval as ticks } from "node:timers/promises";

export interface PacedOptions {
  url: string;
  /** Requests per second. */
  rate: number;
  durationSeconds: number;
}

/**
 * Sends GETs at a steady rate over kept connections.
 * @returns the milliseconds from sending to the last byte, of each answered request. This is the time a request
 * takes at that load, not what waiting clients see: the pace is kept in steps of two milliseconds.
 */
export async function paced({ url, rate, durationSeconds }: PacedOptions): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const latencies: number[] = [];
  const inFlight: Promise<void>[] = [];
  const total = Math.floor(rate * durationSeconds);
  const start = performance.now();
  for await (const _ of ticks(2)) {
    const due = Math.min(total, ((performance.now() - start) / 1000) * rate);
    while (inFlight.length < due) {
      const sent = performance.now();
      inFlight.push(ask(url, agent).then(() => void latencies.push(performance.now() - sent)));
    }
    if (inFlight.length >= total) break;
  }
  await Promise.all(inFlight);
  agent.destroy();
  return latencies;
}

function ask(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume();
      response.once("end", resolve);
      response.once("error", reject);
    }).once("error", reject);
  });
}
