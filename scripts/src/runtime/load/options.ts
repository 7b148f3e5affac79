/** One kind of request in the load. */
export interface MixEntry {
  /** How the result names it: "GET /products". */
  kind: string;
  /** Share of the requests, relative to the others' weights. */
  weight: number;
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** Header that gets a fresh UUID with each request (`idempotency-key`). */
  uniqueHeader?: string;
}

export interface LoadProgress {
  elapsedSeconds: number;
  sent: number;
  answered: number;
}

export interface OpenLoopOptions {
  /** `http://127.0.0.1:8000`; HTTP only. */
  url: string;
  /** Requests per second, of all workers together. */
  rate: number;
  durationSeconds: number;
  /** Evenly spaced, or as independent customers come: exponentially distributed gaps. */
  arrivals: "constant" | "poisson";
  /** The same seed, rate and duration give the same requests at the same times. */
  seed: number;
  /** Threads that send; one per 5,000 requests/s when not given, but no more than the machine has cores. */
  workers?: number;
  /** Keep connections open for later requests, or open one for each. */
  connections: "keep-alive" | "new";
  mix: MixEntry[];
  /** A request without a whole answer this long after it was due is unanswered; 30,000 when not given. */
  timeoutMs?: number;
  /** Connections at the same time, of all workers together; 4,000 when not given. Requests wait beyond it. */
  maxConnections?: number;
  /** First part of each request's id. */
  runId: string;
  /** Ends the load early; the result then holds what was measured. */
  signal?: AbortSignal;
  /** Called about ten times a second. */
  onProgress?: (progress: LoadProgress) => void;
}
