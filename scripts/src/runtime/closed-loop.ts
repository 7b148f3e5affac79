import { headers } from "@evenkeel/contracts";
import autocannon from "autocannon";
import { LabError } from "../lib/errors.ts";

/** One request of the load; `key` groups answers (path, client). */
export interface PlannedRequest {
  path: string;
  key: string;
}

export interface ClosedLoopOptions {
  /** `http://127.0.0.1:8000` */
  url: string;
  /** Requests in total. */
  amount: number;
  connections: number;
  /** First part of each request's id (`check-3f2a`), so that logs can be searched for this load. */
  runId: string;
  /** What the n-th request (from 0) of a client asks for. */
  plan: (n: number, client: number) => PlannedRequest;
  /** Clients send back the cookies they were given, as browsers do. */
  cookies?: boolean;
  /** Called about ten times a second with the answers so far. */
  onProgress?: (answers: number) => void;
}

export interface ClosedLoopResult {
  sent: number;
  /** 2xx answers by instance number; "none" when an answer named no replica. */
  perReplica: Map<string, number>;
  /** 2xx answers by key, then by instance number. */
  perKey: Map<string, Map<string, number>>;
  /** Answers that were not 2xx, by status. */
  failed: Map<number, number>;
  /** Requests that never got an answer: connection errors, time-outs, and answers cut off. */
  unanswered: number;
  /** What `X-Strategy` said, with counts. */
  strategies: Map<string, number>;
  durationSeconds: number;
  /** Answers per second. */
  throughput: number;
  /** Milliseconds, of all answers. */
  latency: { p50: number; p90: number; p99: number; max: number };
}

interface RawHeaders {
  statusCode: number;
  /** Name, value, name, value, … as received. */
  headers: string[];
}
/** Autocannon's own type is wrong about what this event carries, and leaves out its per-client option. */
type Client = Omit<autocannon.Client, "on"> & {
  /** Open a new connection after this many requests. */
  reconnectRate?: number | undefined;
  on(event: "headers", listener: (head: RawHeaders) => void): void;
  on(event: "body", listener: (body: Buffer) => void): void;
  on(event: "response", listener: () => void): void;
};

/**
 * Sends requests as fast as answers come (closed loop, autocannon), one in flight per connection, and counts
 * who answered. Autocannon starts a new request when a connection ends in the middle of an answer and
 * mentions the lost one nowhere; so "unanswered" is what was to be sent less what was answered in full. (After an
 * answer that was cut off in its body autocannon's parser takes the next answers for the rest of it: they count as
 * unanswered, too.)
 * @throws LabError `lab.down` when there was no answer at all.
 */
export async function closedLoop(options: ClosedLoopOptions): Promise<ClosedLoopResult> {
  const perReplica = new Map<string, number>();
  const perKey = new Map<string, Map<string, number>>();
  const failed = new Map<number, number>();
  const strategies = new Map<string, number>();
  let answers = 0;
  let requests = 0;
  let clients = 0;
  let lastAnswer = performance.now();

  const setupClient = (client: Client) => {
    const number = clients++;
    const jar = new Map<string, string>();
    let sentByClient = 0;
    let current: PlannedRequest = { path: "/", key: "" };
    client.setRequests([
      {
        setupRequest: (request) => {
          current = options.plan(sentByClient++, number);
          const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
          return {
            ...request,
            path: current.path,
            headers: {
              [headers.requestId]: `${options.runId}-${requests++}`,
              ...(cookie ? { cookie } : {}),
            },
          };
        },
      },
    ]);
    const answered = ({ statusCode, headers: raw }: RawHeaders) => {
      answers++;
      lastAnswer = performance.now();
      add(strategies, find(raw, headers.strategy) ?? "none");
      if (statusCode < 200 || statusCode > 299) return add(failed, statusCode);
      const replica = find(raw, headers.instanceId) ?? "none";
      add(perReplica, replica);
      const counts = perKey.get(current.key) ?? new Map<string, number>();
      perKey.set(current.key, counts);
      add(counts, replica);
    };
    let head: RawHeaders = { statusCode: 0, headers: [] };
    // Bytes still to come of an answer after which the server closes; undefined for any other answer.
    let untilClose: number | undefined;
    client.on("headers", (received) => {
      head = received;
      if (options.cookies) keepCookies(jar, head.headers);
      // Autocannon goes on writing to a connection that the server has just said it will close (nginx does so when
      // it reloads); the next request would be lost, and the fault would be ours. A browser opens a new one.
      const closes = find(head.headers, "connection")?.toLowerCase() === "close";
      client.reconnectRate = closes ? 1 : undefined;
      untilClose = closes ? Number(find(head.headers, "content-length") ?? 0) : undefined;
      if (untilClose === 0) answered(head);
    });
    // With reconnectRate autocannon does not say when an answer is complete, so its bytes are counted.
    client.on("body", (body) => {
      if (untilClose === undefined || untilClose <= 0) return;
      untilClose -= body.length;
      if (untilClose <= 0) answered(head);
    });
    client.on("response", () => answered(head));
  };

  const start = performance.now();
  const run = autocannon({
    url: options.url,
    amount: options.amount,
    connections: Math.min(options.connections, options.amount),
    timeout: 30,
    // Autocannon notices the end of a load only at a sample, by default once a second.
    sampleInt: 100,
    setupClient: setupClient as unknown as (client: autocannon.Client) => void,
  });
  const progress = setInterval(() => options.onProgress?.(answers), 100);
  try {
    const result = await run;
    if (answers === 0)
      throw new LabError(`Nobody answered at ${options.url}, so nothing was measured.`, {
        code: "lab.down",
        hint: "Start the lab with: npm run lab:up",
      });
    const durationSeconds = (lastAnswer - start) / 1000;
    return {
      sent: options.amount,
      perReplica,
      perKey,
      failed,
      unanswered: options.amount - answers,
      strategies,
      durationSeconds,
      throughput: answers / durationSeconds,
      latency: {
        p50: result.latency.p50,
        p90: result.latency.p90,
        p99: result.latency.p99,
        max: result.latency.max,
      },
    };
  } finally {
    clearInterval(progress);
  }
}

/**
 * Answers per second of a load in which every single answer must be good.
 * @throws LabError `load.failed` otherwise: quick errors would look like speed.
 */
export async function flawlessRate(options: ClosedLoopOptions): Promise<number> {
  const { failed, unanswered, throughput } = await closedLoop(options);
  const statuses = [...failed].map(([status, count]) => `${count} × ${status}`);
  if (statuses.length > 0 || unanswered > 0)
    throw new LabError(
      `A load on ${options.url} is no measurement: ${statuses.join(", ") || "no wrong status"}, ${unanswered} without an answer.`,
      { code: "load.failed" },
    );
  return throughput;
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function find(raw: string[], name: string): string | undefined {
  for (let i = 0; i < raw.length; i += 2) if (raw[i]?.toLowerCase() === name) return raw[i + 1];
  return undefined;
}

function keepCookies(jar: Map<string, string>, raw: string[]): void {
  for (let i = 0; i < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() !== "set-cookie") continue;
    const [pair = ""] = (raw[i + 1] ?? "").split(";");
    const at = pair.indexOf("=");
    if (at > 0) jar.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
  }
}
