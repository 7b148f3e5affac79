import { Alarm } from "./alarm.ts";
import { Client, type Flight } from "./client.ts";
import { now } from "./clock.ts";
import type { MixEntry } from "./options.ts";
import { threadSeconds } from "./processor.ts";
import { Recorder } from "./recorder.ts";
import { type RequestText, requestText } from "./request-text.ts";
import { Schedule, type ScheduleOptions } from "./schedule.ts";

/** What one thread is to do. */
export interface Job {
  schedule: ScheduleOptions;
  /** This thread's number, and how many there are. */
  worker: number;
  workers: number;
  mix: MixEntry[];
  address: { host: string; port: number };
  /** `Host` header. */
  hostHeader: string;
  connections: "keep-alive" | "new";
  timeoutMs: number;
  maxConnections: number;
  runId: string;
  /** Requests sent and answers so far, of all threads. */
  progress: SharedArrayBuffer;
}

/** Processor time of a thread. */
export interface ThreadUse {
  /** Cores used while the schedule ran, 0 to 1. */
  share: number;
  seconds: number;
}

/** Requests per second of one thread up to which an alarm rings for each; see {@link Alarm} for what that costs. */
const PRECISE = 2000;
/** Milliseconds between two looks for requests that have waited too long. */
const LOOK = 100;
/** Milliseconds that requests under way have left after Ctrl-C. */
const GRACE = 2000;

/** Sends one thread's share of a schedule, each request when it is due, whether or not earlier ones were answered. */
export class Sender {
  readonly recorder = new Recorder();
  readonly #job: Job;
  readonly #schedule: Schedule;
  readonly #texts: RequestText[];
  readonly #client: Client;
  readonly #progress: Int32Array;
  readonly #alarm: Alarm | undefined;
  readonly #finished: (use: ThreadUse[]) => void;
  /** By due time, from `#oldest` on; earlier ones are over. */
  #flights: Flight[] = [];
  #oldest = 0;
  /** Requests whose fate is open, waiting ones included. */
  #pending = 0;
  #more: boolean;
  #start = 0;
  #stopAt = Number.POSITIVE_INFINITY;
  #giveUpAt = Number.POSITIVE_INFINITY;
  #before = 0;
  #share: number | undefined;
  #timers: NodeJS.Timeout[] = [];
  #over = false;

  private constructor(job: Job, alarm: Alarm | undefined, finished: (use: ThreadUse[]) => void) {
    this.#job = job;
    this.#alarm = alarm;
    this.#finished = finished;
    this.#schedule = new Schedule(job.schedule);
    this.#more = this.#schedule.nextOf(job.worker, job.workers);
    this.#texts = job.mix.map((entry) => requestText(entry, job.hostHeader, job.connections));
    this.#progress = new Int32Array(job.progress);
    this.#client = new Client({
      ...job.address,
      reuse: job.connections === "keep-alive",
      maxConnections: job.maxConnections,
      textOf: ({ kind, n }) => this.#texts[kind]?.(`${job.runId}-${n}`) ?? "",
      onSent: (flight) => {
        this.recorder.recordSent(flight.due, now() - this.#start - flight.due);
        Atomics.add(this.#progress, 0, 1);
      },
      onAnswer: (flight, { status, replica, strategy }, body) => {
        const latency = now() - this.#start - flight.due;
        const kind = job.mix[flight.kind]?.kind ?? "";
        this.recorder.recordAnswer({ at: flight.due, latency, kind, status, replica, strategy });
        if (status === 201) this.recorder.recordOrder(body);
        Atomics.add(this.#progress, 1, 1);
        this.#closed();
        // The thread is awake anyway: what is due meanwhile need not wait for the timer.
        this.#sendDue();
      },
      onUnanswered: (flight) => {
        this.recorder.recordUnanswered(flight.due);
        this.#closed();
      },
    });
  }

  static async prepare(job: Job, finished: (use: ThreadUse[]) => void): Promise<Sender> {
    const precise = job.schedule.rate / job.workers <= PRECISE;
    return new Sender(job, precise ? await Alarm.start() : undefined, finished);
  }

  /** @param at On the clock of `now()`. */
  start(at: number): void {
    this.#start = at;
    this.#before = threadSeconds();
    this.#timers.push(setInterval(() => this.#giveUp(), LOOK));
    if (this.#alarm) this.#ring(this.#alarm);
    else this.#timers.push(setInterval(() => this.#sendDue(), 1));
  }

  /** Sends nothing that is due at or after this moment (milliseconds since the beginning). */
  stop(at: number): void {
    this.#stopAt = at;
    this.#giveUpAt = at + GRACE;
  }

  #ring(alarm: Alarm): void {
    const wake = () => {
      this.#sendDue();
      if (this.#more) this.#ring(alarm);
    };
    alarm.ring(this.#start + this.#schedule.dueMs, wake);
  }

  #sendDue(): void {
    const elapsed = now() - this.#start;
    const { worker, workers, mix } = this.#job;
    const schedule = this.#schedule;
    while (this.#more && schedule.dueMs <= elapsed) {
      if (schedule.dueMs >= this.#stopAt) {
        this.#more = false;
        break;
      }
      const { n, kind, dueMs: due } = schedule;
      const { method = "GET" } = mix[kind] ?? {};
      const flight: Flight = {
        n,
        kind,
        due,
        method,
        wantsBody: method === "POST",
        connection: undefined,
        over: false,
      };
      this.#flights.push(flight);
      this.#pending++;
      this.#client.send(flight);
      this.#more = schedule.nextOf(worker, workers);
    }
    if (!this.#more) this.#checkEnd();
  }

  #closed(): void {
    this.#pending--;
    if (!this.#more) this.#checkEnd();
  }

  /** Requests that have waited too long; all have the same time, so the oldest comes first. */
  #giveUp(): void {
    const elapsed = now() - this.#start;
    this.#sendDue();
    const limit = elapsed >= this.#giveUpAt ? Number.POSITIVE_INFINITY : elapsed - this.#job.timeoutMs;
    for (; this.#oldest < this.#flights.length; this.#oldest++) {
      const flight = this.#flights[this.#oldest];
      if (flight && !flight.over && flight.due > limit) break;
      if (!flight || flight.over) continue;
      // One that never got a connection was not sent; the client says nothing of it.
      if (!flight.connection) this.#pending--;
      this.#client.abandon(flight);
    }
    this.#flights = this.#flights.slice(this.#oldest);
    this.#oldest = 0;
    if (!this.#more) this.#checkEnd();
  }

  #checkEnd(): void {
    this.#share ??= (threadSeconds() - this.#before) / Math.max(0.001, (now() - this.#start) / 1000);
    if (this.#over || this.#pending > 0) return;
    this.#over = true;
    for (const timer of this.#timers) clearInterval(timer);
    void this.#report(this.#share);
  }

  async #report(share: number): Promise<void> {
    const own: ThreadUse = { share, seconds: threadSeconds() - this.#before };
    const elapsed = (now() - this.#start) / 1000;
    const seconds = await this.#alarm?.stop();
    this.#finished(seconds === undefined ? [own] : [own, { share: seconds / elapsed, seconds }]);
  }
}
