import type { OrdersBooked, StockEvent, StreamEventName } from "@evenkeel/contracts";
import type { Response } from "express";
import type { BusState, EventBus, Ledger } from "../domain/ports.ts";
import { type FeedListener, READ_BATCH, type StockFeed } from "../domain/stock-feed.ts";
import type { Metrics } from "../metrics.ts";

/** Bytes waiting for one client, in Node and on their way to the kernel, before it is cut. */
export const MAX_WAITING = 32 * 1024;
/** With MAX_WAITING for each, 32 MiB at worst: a sixth of the container's memory. */
export const MAX_STREAMS = 1000;
/** Order ids in one event, some 8 kB: what may get lost must not fill up what waits for a client. */
const BOOKED_AT_ONCE = 200;
const HEARTBEAT_MS = 15_000;
/** A client that is sent its missed events may take this long to read each batch. */
const REPLAY_READ_MS = 5000;
const HEARTBEAT = Buffer.from(": heartbeat\n\n");

interface Stream {
  readonly res: Response;
  /** Aborted when nothing more is to be sent. */
  readonly closed: AbortController;
  /** Newest event this client was sent, by itself or inside a snapshot. */
  cursor: number;
}

export interface EventStreamsDeps {
  readonly instanceId: string;
  readonly ledger: Ledger;
  readonly bus: EventBus;
  readonly feed: StockFeed;
  readonly metrics: Metrics;
  readonly onError: (error: unknown) => void;
  readonly replayReadMs?: number;
}

/** All open event streams of this replica. Each client sees each event once and in order. */
export class EventStreams implements FeedListener {
  readonly #deps: EventStreamsDeps;
  readonly #open = new Set<Stream>();
  /** Those that are level with the feed and get its events as they come. */
  readonly #live = new Set<Stream>();
  readonly #heartbeat: NodeJS.Timeout;
  #draining = false;

  constructor(deps: EventStreamsDeps) {
    this.#deps = deps;
    this.#heartbeat = setInterval(() => {
      for (const stream of this.#open) this.#write(stream, HEARTBEAT);
    }, HEARTBEAT_MS).unref();
  }

  get size(): number {
    return this.#open.size;
  }

  get full(): boolean {
    return this.#open.size >= MAX_STREAMS;
  }

  /** Takes over a response whose headers were sent. `lastEventId` undefined: a client that knows nothing. */
  open(res: Response, lastEventId: number | undefined): void {
    const { instanceId, bus } = this.#deps;
    const stream: Stream = { res, closed: new AbortController(), cursor: 0 };
    this.#open.add(stream);
    this.#deps.metrics.openStreams.set(this.#open.size);
    res.on("close", () => this.#forget(stream));
    this.#write(stream, `retry: 1000\n${format("hello", { instanceId, bus: bus.state })}`);
    if (this.#draining) this.#dismiss(stream);
    else void this.#join(stream, lastEventId);
  }

  onEvent(event: StockEvent): void {
    if (this.#live.size === 0) return;
    const chunk = Buffer.from(format("stock", event, event.id));
    let sent = 0;
    for (const stream of this.#live) {
      // A replay may have read further than the feed had come.
      if (event.id <= stream.cursor) continue;
      stream.cursor = event.id;
      this.#write(stream, chunk);
      sent++;
    }
    this.#deps.metrics.streamEvents.inc(sent);
  }

  /** Only to those with room for it: a page that misses it asks for its order. */
  onBooked({ orderIds, ...booked }: OrdersBooked): void {
    for (let from = 0; from < orderIds.length; from += BOOKED_AT_ONCE) {
      const part = { ...booked, orderIds: orderIds.slice(from, from + BOOKED_AT_ONCE) };
      const chunk = Buffer.from(format("booked", part));
      for (const stream of this.#live) {
        if (stream.res.writableLength + chunk.length < MAX_WAITING / 2) this.#write(stream, chunk);
      }
    }
  }

  onResync(): void {
    this.#deps.metrics.streamResyncs.inc(this.#live.size);
    for (const stream of this.#live) {
      this.#live.delete(stream);
      void this.#join(stream, undefined);
    }
  }

  onState(bus: BusState): void {
    const chunk = Buffer.from(format("bus", { bus }));
    for (const stream of this.#open) this.#write(stream, chunk);
  }

  /** Sends everybody to another replica, now and from now on. */
  drain(): void {
    this.#draining = true;
    clearInterval(this.#heartbeat);
    for (const stream of this.#open) this.#dismiss(stream);
  }

  /** Brings a client level with the feed: its missed events or a snapshot first, then live. */
  async #join(stream: Stream, lastEventId: number | undefined): Promise<void> {
    const { ledger, feed } = this.#deps;
    try {
      const { oldest, newest } = await ledger.eventWindow();
      const known = lastEventId !== undefined && lastEventId >= oldest - 1 && lastEventId <= newest;
      if (known) stream.cursor = lastEventId;
      else await this.#snapshot(stream);
      if (!known && lastEventId !== undefined) this.#deps.metrics.streamResyncs.inc();
      let empty = 0;
      while (!stream.closed.signal.aborted) {
        const rows = await ledger.eventsAfter(stream.cursor, READ_BATCH);
        // Ids have no gaps: what lies before the first row was pruned while this client read.
        const pruned = rows[0] !== undefined && rows[0].id !== stream.cursor + 1;
        if (pruned) {
          this.#deps.metrics.streamResyncs.inc();
          await this.#snapshot(stream);
        } else await this.#replay(stream, rows);
        // No await between this comparison and the join: nothing can fall in between.
        if (!pruned && rows.length < READ_BATCH && stream.cursor >= feed.last) break;
        // Once: a sale was passed on during the read, and the next one finds it. Twice: the database went
        // back, and the feed did not notice yet.
        empty = rows.length === 0 ? empty + 1 : 0;
        if (empty > 2) throw new Error("The ledger does not have the events that the feed passed on.");
        if (empty === 2) {
          await feed.catchUp();
          await this.#snapshot(stream);
        }
        // Promises alone would never let the event loop turn, and with it the whole replica.
        await new Promise(setImmediate);
      }
      if (!stream.closed.signal.aborted) this.#live.add(stream);
    } catch (error) {
      if (stream.closed.signal.aborted) return;
      this.#deps.onError(error);
      this.#cut(stream, "error");
    }
  }

  async #snapshot(stream: Stream): Promise<void> {
    const list = await this.#deps.ledger.stock();
    stream.cursor = list.lastEventId;
    this.#write(stream, format("snapshot", list, list.lastEventId));
  }

  async #replay(stream: Stream, rows: readonly StockEvent[]): Promise<void> {
    const newest = rows.at(-1);
    if (newest === undefined || stream.closed.signal.aborted) return;
    stream.cursor = newest.id;
    this.#deps.metrics.streamEvents.inc(rows.length);
    const text = rows.map((event) => format("stock", event, event.id)).join("");
    // One batch on its way at a time: the next one is read when the kernel took this one.
    const taken = await new Promise<boolean>((resolve) => {
      const { signal } = stream.closed;
      const end = (inTime: boolean) => {
        clearTimeout(late);
        signal.removeEventListener("abort", done);
        resolve(inTime);
      };
      const done = () => end(true);
      const late = setTimeout(() => end(false), this.#deps.replayReadMs ?? REPLAY_READ_MS);
      signal.addEventListener("abort", done);
      this.#write(stream, text, done);
    });
    if (!taken) this.#cut(stream, "slow");
  }

  /** `onTaken` is called when the kernel has the chunk; it may never be, if the stream ends before. */
  #write(stream: Stream, chunk: string | Buffer, onTaken?: () => void): void {
    if (stream.res.writableEnded || stream.res.destroyed) return;
    stream.res.write(chunk, onTaken);
    if (stream.res.writableLength > MAX_WAITING) this.#cut(stream, "slow");
  }

  /** It reconnects with its Last-Event-ID, so being cut costs it time, not events. */
  #cut(stream: Stream, reason: "slow" | "error"): void {
    this.#deps.metrics.streamCuts.inc({ reason });
    this.#forget(stream);
    stream.res.destroy();
  }

  #dismiss(stream: Stream): void {
    stream.closed.abort();
    this.#live.delete(stream);
    this.#write(stream, `retry: 250\n${format("draining", { instanceId: this.#deps.instanceId })}`);
    stream.res.end();
  }

  #forget(stream: Stream): void {
    stream.closed.abort();
    this.#live.delete(stream);
    this.#open.delete(stream);
    this.#deps.metrics.openStreams.set(this.#open.size);
  }
}

/** One event as text; `id` becomes the client's Last-Event-ID. */
function format(name: StreamEventName, data: unknown, id?: number): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
