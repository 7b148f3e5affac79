import { Histogram, type HistogramData } from "./histogram.ts";

/**
 * A request that left later than this many milliseconds after it was due has missed its time. Where other things run
 * on the same cores the system lets a thread wait its turn for up to about 20 ms, and that alone is no failure.
 */
export const LATE_MS = 25;

/** One answer, as both generators know it. Times in milliseconds. */
export interface Answer {
  /** Beginning of its latency, since the beginning of the load. */
  at: number;
  latency: number;
  kind: string;
  status: number;
  replica: string | undefined;
  strategy: string | undefined;
}

interface Second<H> {
  sent: number;
  ok: number;
  failed: number;
  unanswered: number;
  latency: H;
  perReplica: Record<string, number>;
}

/** What a recorder becomes on its way between threads. */
export interface RecorderData<H = HistogramData> {
  sent: number;
  ok: number;
  unanswered: number;
  late: number;
  lag: H;
  failed: Map<number, number>;
  strategies: Map<string, number>;
  perReplica: Map<string, H>;
  perKind: Map<string, H>;
  seconds: Second<H>[];
  acknowledged: string[];
  /** Milliseconds since the beginning of the load. */
  lastAnswer: number;
}

/** Counts what happened to the requests of one thread. */
export class Recorder implements RecorderData<Histogram> {
  sent = 0;
  ok = 0;
  unanswered = 0;
  late = 0;
  lag = new Histogram();
  failed = new Map<number, number>();
  strategies = new Map<string, number>();
  perReplica = new Map<string, Histogram>();
  perKind = new Map<string, Histogram>();
  seconds: Second<Histogram>[] = [];
  acknowledged: string[] = [];
  lastAnswer = 0;

  /** @param lag Milliseconds between the moment the request was due, `at`, and the moment it left. */
  recordSent(at: number, lag: number): void {
    this.sent++;
    this.second(at).sent++;
    this.lag.record(lag * 1000);
    if (lag > LATE_MS) this.late++;
  }

  recordAnswer({ at, latency, kind, status, replica = "none", strategy = "none" }: Answer): void {
    const second = this.second(at);
    const microseconds = latency * 1000;
    second.latency.record(microseconds);
    histogramOf(this.perKind, kind).record(microseconds);
    add(this.strategies, strategy, 1);
    this.lastAnswer = Math.max(this.lastAnswer, at + latency);
    if (status < 200 || status > 299) {
      second.failed++;
      add(this.failed, status, 1);
      return;
    }
    this.ok++;
    second.ok++;
    second.perReplica[replica] = (second.perReplica[replica] ?? 0) + 1;
    histogramOf(this.perReplica, replica).record(microseconds);
  }

  recordUnanswered(at: number): void {
    this.unanswered++;
    this.second(at).unanswered++;
  }

  /** A purchase was answered with 201. */
  recordOrder(body: string): void {
    // The one field of interest; an order id is plain ASCII.
    const id = /"orderId"\s*:\s*"([^"\\]+)"/.exec(body)?.[1];
    if (id) this.acknowledged.push(id);
  }

  /** Adds what another thread recorded. */
  merge(other: RecorderData): void {
    this.sent += other.sent;
    this.ok += other.ok;
    this.unanswered += other.unanswered;
    this.late += other.late;
    this.lag.add(other.lag);
    for (const [status, count] of other.failed) add(this.failed, status, count);
    for (const [name, count] of other.strategies) add(this.strategies, name, count);
    for (const [id, latency] of other.perReplica) histogramOf(this.perReplica, id).add(latency);
    for (const [kind, latency] of other.perKind) histogramOf(this.perKind, kind).add(latency);
    other.seconds.forEach((theirs, index) => {
      const ours = this.second(index * 1000);
      ours.sent += theirs.sent;
      ours.ok += theirs.ok;
      ours.failed += theirs.failed;
      ours.unanswered += theirs.unanswered;
      ours.latency.add(theirs.latency);
      for (const [id, count] of Object.entries(theirs.perReplica))
        ours.perReplica[id] = (ours.perReplica[id] ?? 0) + count;
    });
    for (const id of other.acknowledged) this.acknowledged.push(id);
    this.lastAnswer = Math.max(this.lastAnswer, other.lastAnswer);
  }

  private second(at: number): Second<Histogram> {
    const index = Math.max(0, Math.floor(at / 1000));
    const found = this.seconds[index];
    if (found) return found;
    // No holes: the timeline has every second, also those in which nothing was due.
    while (this.seconds.length <= index)
      this.seconds.push({
        sent: 0,
        ok: 0,
        failed: 0,
        unanswered: 0,
        latency: new Histogram(),
        perReplica: {},
      });
    return this.seconds[index] as Second<Histogram>;
  }
}

function add<K>(counts: Map<K, number>, key: K, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

function histogramOf<K>(histograms: Map<K, Histogram>, key: K): Histogram {
  const found = histograms.get(key);
  if (found) return found;
  const created = new Histogram();
  histograms.set(key, created);
  return created;
}
