import { headers } from "@evenkeel/contracts";
import autocannon from "autocannon";

/** One request of a closed loop. */
export interface ClosedRequest {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

/** A whole answer and the request it belongs to. Times in milliseconds. */
export interface ClosedAnswer<R> {
  request: R;
  status: number;
  replica: string | undefined;
  strategy: string | undefined;
  /** When the request was sent, since the beginning of the load. */
  at: number;
  /** From sending to the last byte. */
  latency: number;
  /** Bytes in which the body came, one character each; of POSTs only. */
  body: string;
}

export interface DriveOptions<R extends ClosedRequest> {
  url: string;
  /** Requests in total. */
  amount: number;
  connections: number;
  /** First part of each request's id. */
  runId: string;
  /** The n-th request (from 0) of a client. */
  plan: (n: number, client: number) => R;
  /** Clients send back the cookies they were given, as browsers do. */
  cookies?: boolean;
  signal?: AbortSignal;
  onSent?: (at: number) => void;
  onAnswer: (answer: ClosedAnswer<R>) => void;
  /** No whole answer came to what was sent at this moment. */
  onUnanswered?: (at: number) => void;
}

interface RawHeaders {
  statusCode: number;
  /** Name, value, name, value, … as received. */
  headers: string[];
}
/** Autocannon's own type is wrong about what these events carry, and leaves out its per-client option. */
type Client = Omit<autocannon.Client, "on"> & {
  /** Open a new connection after this many requests. */
  reconnectRate?: number | undefined;
  on(event: "headers", listener: (head: RawHeaders) => void): void;
  on(event: "body", listener: (chunk: Buffer) => void): void;
  on(event: "request" | "response", listener: () => void): void;
};

/**
 * Drives autocannon: requests as fast as answers come, one in flight per connection. Latency is ours, per request:
 * from autocannon's `request` event, which it emits right before it writes, to the end of the answer (its own
 * histogram knows neither kinds nor replicas).
 *
 * Autocannon starts a new request when a connection ends in the middle of an answer and mentions the lost one
 * nowhere; so a client that sends while its last request is open has lost that one. (After an answer that was cut off
 * in its body autocannon's parser takes the next answers for the rest of it: they count as unanswered, too.)
 * @returns milliseconds from the beginning to the last answer. Requests that the signal cut off are left out.
 */
export async function driveAutocannon<R extends ClosedRequest>(options: DriveOptions<R>): Promise<number> {
  const start = performance.now();
  const since = () => performance.now() - start;
  /** When each client sent what is still open. */
  const open = new Map<number, number>();
  let requests = 0;
  let clients = 0;
  let lastAnswer = 0;

  const setupClient = (client: Client) => {
    const number = clients++;
    const jar = new Map<string, string>();
    let sentByClient = 0;
    let current: R | undefined;
    let body = "";
    client.setRequests([
      {
        setupRequest: (request) => {
          current = options.plan(sentByClient++, number);
          const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
          return {
            ...request,
            method: (current.method ?? "GET") as autocannon.Request["method"] & string,
            path: current.path,
            body: current.body ?? "",
            headers: {
              ...current.headers,
              [headers.requestId]: `${options.runId}-${requests++}`,
              ...(cookie ? { cookie } : {}),
            },
          };
        },
      },
    ]);
    client.on("request", () => {
      const lost = open.get(number);
      if (lost !== undefined) options.onUnanswered?.(lost);
      const at = since();
      open.set(number, at);
      body = "";
      options.onSent?.(at);
    });
    const answered = ({ statusCode, headers: raw }: RawHeaders) => {
      const at = open.get(number);
      if (at === undefined || !current) return;
      open.delete(number);
      lastAnswer = since();
      options.onAnswer({
        request: current,
        status: statusCode,
        replica: find(raw, headers.instanceId),
        strategy: find(raw, headers.strategy),
        at,
        latency: lastAnswer - at,
        body,
      });
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
    client.on("body", (chunk) => {
      if (current?.method === "POST") body += chunk.toString("latin1");
      // With reconnectRate autocannon does not say when an answer is complete, so its bytes are counted.
      if (untilClose === undefined || untilClose <= 0) return;
      untilClose -= chunk.length;
      if (untilClose <= 0) answered(head);
    });
    client.on("response", () => answered(head));
  };

  const run = autocannon({
    url: options.url,
    amount: options.amount,
    connections: Math.min(options.connections, options.amount),
    timeout: 30,
    // Autocannon notices the end of a load only at a sample, by default once a second.
    sampleInt: 100,
    setupClient: setupClient as unknown as (client: autocannon.Client) => void,
  });
  const stop = () => (run as unknown as autocannon.Instance).stop?.();
  options.signal?.addEventListener("abort", stop, { once: true });
  try {
    if (options.signal?.aborted) stop();
    await run;
  } finally {
    options.signal?.removeEventListener("abort", stop);
  }
  if (!options.signal?.aborted) for (const at of open.values()) options.onUnanswered?.(at);
  return lastAnswer;
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
