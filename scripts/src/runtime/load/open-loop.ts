import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { LoadResult } from "../../lib/load-result.ts";
import { now } from "./clock.ts";
import type { Order, Word } from "./load-thread.ts";
import { nobodyAnswered } from "./nobody.ts";
import type { OpenLoopOptions } from "./options.ts";
import { threadSeconds } from "./processor.ts";
import { Recorder } from "./recorder.ts";
import { requestText } from "./request-text.ts";
import { toResult } from "./result.ts";
import { dueBefore, type ScheduleOptions } from "./schedule.ts";
import type { Job, ThreadUse } from "./sender.ts";

export type { LoadProgress, MixEntry, OpenLoopOptions } from "./options.ts";

/** Requests per second that one thread takes without coming near a whole core. */
const PER_WORKER = 5000;
/** Milliseconds between the order to start and the start, so that every thread has heard it. */
const HEAD_START = 50;
/** Milliseconds between Ctrl-C and the end of the schedule, so that every thread ends it at the same request. */
const STOP_AHEAD = 20;

/**
 * Sends requests at a given rate, whether or not earlier ones were answered (open loop), and measures each from the
 * moment it was due to its last byte: a server that stalls is felt by everybody who would have come meanwhile.
 * Whether the schedule was kept is for `refuseUnkept` to judge.
 * @throws LabError `lab.down` when there was no answer at all; `usage` for requests that cannot be sent.
 */
export async function openLoop(options: OpenLoopOptions): Promise<LoadResult> {
  const url = new URL(options.url);
  for (const entry of options.mix) requestText(entry, url.host, options.connections);
  const { rate, durationSeconds, arrivals, seed } = options;
  const schedule: ScheduleOptions = {
    rate,
    durationSeconds,
    arrivals,
    seed,
    weights: options.mix.map(({ weight }) => weight),
  };
  const progress = new Int32Array(new SharedArrayBuffer(8));
  const threads = await startThreads(await jobs(options, schedule, url, progress));
  const mainBefore = threadSeconds();
  const startAt = now() + HEAD_START;
  const startedAt = Date.now() + HEAD_START;
  let endMs = durationSeconds * 1000;
  const stop = () => {
    endMs = Math.max(0, Math.min(endMs, now() - startAt + STOP_AHEAD));
    tell(threads, { stopAt: endMs });
  };
  const timer = setInterval(() => {
    const elapsedSeconds = Math.max(0, (now() - startAt) / 1000);
    options.onProgress?.({ elapsedSeconds, sent: progress[0] ?? 0, answered: progress[1] ?? 0 });
  }, 100);
  try {
    const words = threads.map(lastWord);
    tell(threads, { startAt });
    if (options.signal?.aborted) stop();
    else options.signal?.addEventListener("abort", stop, { once: true });
    const recorder = new Recorder();
    const uses: ThreadUse[] = [];
    for (const { recorded, use } of await Promise.all(words)) {
      recorder.merge(recorded);
      uses.push(...use);
    }
    if (recorder.perKind.size === 0 && !options.signal?.aborted) throw nobodyAnswered(options.url);
    const elapsed = Math.max(endMs, recorder.lastAnswer, 1) / 1000;
    const main = threadSeconds() - mainBefore;
    uses.push({ share: main / elapsed, seconds: main });
    return toResult(recorder, {
      generator: "open loop",
      latencyFrom: "intended send time",
      url: options.url,
      startedAt,
      durationSeconds: elapsed,
      scheduled: dueBefore(schedule, options.signal?.aborted ? endMs : undefined),
      processor: {
        busiestThread: Math.max(...uses.map(({ share }) => share)),
        seconds: uses.reduce((sum, { seconds }) => sum + seconds, 0),
      },
    });
  } finally {
    clearInterval(timer);
    options.signal?.removeEventListener("abort", stop);
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

async function jobs(
  options: OpenLoopOptions,
  schedule: ScheduleOptions,
  url: URL,
  progress: Int32Array<SharedArrayBuffer>,
): Promise<Job[]> {
  const workers = options.workers ?? Math.min(availableParallelism(), Math.ceil(options.rate / PER_WORKER));
  // Once, not for each connection; Compose publishes ports on an IPv4 address.
  const { address } = await lookup(url.hostname.replace(/^\[|\]$/g, ""), { order: "ipv4first" });
  return Array.from({ length: workers }, (_, worker) => ({
    schedule,
    worker,
    workers,
    mix: options.mix,
    address: { host: address, port: Number(url.port || 80) },
    hostHeader: url.host,
    connections: options.connections,
    timeoutMs: options.timeoutMs ?? 30_000,
    maxConnections: Math.max(1, Math.floor((options.maxConnections ?? 4000) / workers)),
    runId: options.runId,
    progress: progress.buffer,
  }));
}

async function startThreads(all: Job[]): Promise<Worker[]> {
  const threads = all.map(
    (job) => new Worker(new URL("./load-thread.ts", import.meta.url), { workerData: job }),
  );
  // `once` rejects when the thread fails.
  await Promise.all(threads.map((thread) => once(thread, "message")));
  return threads;
}

function lastWord(thread: Worker): Promise<Exclude<Word, "ready">> {
  return new Promise((resolve, reject) => {
    thread.once("error", reject);
    thread.once("exit", () => reject(new Error("A thread of the load generator ended early.")));
    thread.once("message", resolve);
  });
}

function tell(threads: Worker[], order: Order): void {
  for (const thread of threads) thread.postMessage(order);
}
