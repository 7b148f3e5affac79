import { randomUUID } from "node:crypto";
import type { LoadResult } from "../../lib/load-result.ts";
import { seeded } from "../traffic-mix.ts";
import { type ClosedRequest, driveAutocannon } from "./autocannon.ts";
import { nobodyAnswered } from "./nobody.ts";
import type { MixEntry } from "./options.ts";
import { threadSeconds } from "./processor.ts";
import { Recorder } from "./recorder.ts";
import { toResult } from "./result.ts";

export interface ClosedLoadOptions {
  /** `http://127.0.0.1:8000` */
  url: string;
  /** Requests in total. */
  amount: number;
  connections: number;
  mix: MixEntry[];
  /** The same seed gives the same sequence of kinds. */
  seed: number;
  /** First part of each request's id. */
  runId: string;
  /** Ends the load early; the result then holds what was answered. */
  signal?: AbortSignal;
  /** Called about ten times a second with the answers so far. */
  onProgress?: (answers: number) => void;
}

type Planned = ClosedRequest & { kind: string };

/**
 * Sends a mix as fast as answers come (closed loop, autocannon). Latency begins when a request is sent; while the
 * server stalls nothing is sent, so the stall is felt by as many requests as there are connections and by no others.
 * @throws LabError `lab.down` when there was no answer at all.
 */
export async function closedLoad(options: ClosedLoadOptions): Promise<LoadResult> {
  const { url, mix, seed, runId, signal } = options;
  const recorder = new Recorder();
  const pick = picker(mix, seeded(seed));
  let answers = 0;
  const progress = setInterval(() => options.onProgress?.(answers), 100);
  const before = threadSeconds();
  const startedAt = Date.now();
  const duration = await driveAutocannon<Planned>({
    url,
    amount: options.amount,
    connections: options.connections,
    runId,
    plan: () => planned(pick()),
    ...(signal ? { signal } : {}),
    onSent: (at) => recorder.recordSent(at, 0),
    onAnswer: ({ request, body, ...answer }) => {
      answers++;
      recorder.recordAnswer({ ...answer, kind: request.kind });
      if (answer.status === 201) recorder.recordOrder(body);
    },
    onUnanswered: (at) => recorder.recordUnanswered(at),
  }).finally(() => clearInterval(progress));
  if (answers === 0 && !signal?.aborted) throw nobodyAnswered(url);
  // What Ctrl-C cut off is neither a failure of the shop nor an answer.
  if (signal?.aborted) recorder.sent = answers + recorder.unanswered;
  const durationSeconds = Math.max(duration, 1) / 1000;
  const seconds = threadSeconds() - before;
  return toResult(recorder, {
    generator: "closed loop",
    latencyFrom: "send time",
    url,
    startedAt,
    durationSeconds,
    scheduled: null,
    processor: { busiestThread: seconds / durationSeconds, seconds },
  });
}

function planned({ kind, method, path, headers, body, uniqueHeader }: MixEntry): Planned {
  const unique = uniqueHeader ? { [uniqueHeader]: randomUUID() } : {};
  return {
    kind,
    method,
    path,
    headers: { ...headers, ...unique },
    ...(body === undefined ? {} : { body }),
  };
}

/** Draws entries by weight. */
function picker(mix: MixEntry[], random: () => number): () => MixEntry {
  const total = mix.reduce((sum, { weight }) => sum + weight, 0);
  return () => {
    let left = random() * total;
    const found = mix.find(({ weight }) => {
      left -= weight;
      return left < 0;
    });
    return found ?? (mix.at(-1) as MixEntry);
  };
}
