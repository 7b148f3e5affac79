import { Agent, get } from "node:http";
import { LabError } from "../lib/errors.ts";
import { pace } from "./pacer.ts";

export interface PacedOptions {
  url: string;
  /** Requests per second. */
  rate: number;
  durationSeconds: number;
}

/**
 * Sends GETs at a steady rate over kept connections.
 * @returns the milliseconds from sending to the last byte, of each request: the time a request takes at that load.
 * @throws LabError when any request failed, because the times of the others then mean nothing.
 */
export async function paced({ url, rate, durationSeconds }: PacedOptions): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  const latencies: number[] = [];
  const failures: string[] = [];
  await pace({ rate, durationSeconds }, async () => {
    const sent = performance.now();
    const failure = await ask(url, agent);
    if (failure) failures.push(failure);
    else latencies.push(performance.now() - sent);
  });
  agent.destroy();
  if (failures.length > 0)
    throw new LabError(`${failures.length} requests to ${url} failed; the first: ${failures[0]}.`, {
      code: "load.failed",
    });
  return latencies;
}

/** What went wrong, or null. */
function ask(url: string, agent: Agent): Promise<string | null> {
  return new Promise((resolve) => {
    const request = get(url, { agent }, (response) => {
      response.resume();
      response.once("end", () =>
        resolve(response.statusCode === 200 ? null : `status ${response.statusCode}`),
      );
      response.once("error", (error) => resolve(error.message));
    });
    request.once("error", (error) => resolve(error.message));
  });
}
