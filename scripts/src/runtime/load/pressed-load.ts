import { LabError } from "../../lib/errors.ts";
import type { LoadResult } from "../../lib/load-result.ts";
import { openLoop } from "./open-loop.ts";

export interface PressedLoadOptions {
  /** `http://172.19.0.5:8000` */
  url: string;
  path: string;
  /** Requests in total. */
  amount: number;
  connections: number;
  /** First part of each request's id. */
  runId: string;
  signal?: AbortSignal;
}

/** Requests per millisecond that become due: more than any server answers, so that all of them wait. */
const DUE_PER_MS = 1000;
/** Far longer than any measurement; a server that hangs is noticed all the same. */
const TIMEOUT_MS = 180_000;

/**
 * Our open-loop generator as a closed loop: every request is due at the very beginning, so each of the connections
 * always has a next one to send. Costs a fraction of autocannon's processor time, which matters where the generator
 * shares its cores with what it measures. Its latencies mean nothing.
 * @throws LabError `load.failed` unless every answer was good (quick errors would look like speed), `lab.down` when
 * there was none.
 */
export async function pressedLoad(options: PressedLoadOptions): Promise<LoadResult> {
  const { url, path, amount, connections, runId, signal } = options;
  const result = await openLoop({
    url,
    rate: DUE_PER_MS * 1000,
    durationSeconds: amount / (DUE_PER_MS * 1000),
    arrivals: "constant",
    seed: 1,
    workers: 1,
    connections: "keep-alive",
    maxConnections: connections,
    timeoutMs: TIMEOUT_MS,
    mix: [{ kind: path, weight: 1, method: "GET", path }],
    runId,
    ...(signal ? { signal } : {}),
  });
  signal?.throwIfAborted();
  if (result.ok === amount) return result;
  throw new LabError(
    `A load on ${url} is no measurement: ${result.ok} of ${amount} requests were answered with 2xx, ${result.unanswered} not at all; ${JSON.stringify(result.failed)}.`,
    { code: "load.failed" },
  );
}
