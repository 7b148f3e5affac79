import { EventEmitter } from "node:events";
import type { StockEvent } from "@evenkeel/contracts";
import type { Response } from "express";
import type { EventBus, Ledger } from "../../src/domain/ports.ts";
import type { StockFeed } from "../../src/domain/stock-feed.ts";
import { EventStreams } from "../../src/http/event-stream.ts";
import { createMetrics } from "../../src/metrics.ts";

/** A response whose client reads only when told to. */
export class FakeResponse extends EventEmitter {
  text = "";
  writableLength = 0;
  writableEnded = false;
  destroyed = false;
  #waiting: (() => void)[] = [];

  /** Node's own high-water mark. */
  get writableNeedDrain(): boolean {
    return this.writableLength >= 64 * 1024;
  }

  write(chunk: string | Buffer, onTaken?: () => void): boolean {
    if (this.writableEnded || this.destroyed) throw new Error("written after the end");
    this.text += chunk;
    this.writableLength += chunk.length;
    if (onTaken) this.#waiting.push(onTaken);
    return !this.writableNeedDrain;
  }

  clientReads(): void {
    const needed = this.writableNeedDrain;
    this.writableLength = 0;
    for (const onTaken of this.#waiting.splice(0)) onTaken();
    if (needed) this.emit("drain");
  }

  end(): void {
    this.writableEnded = true;
    this.emit("close");
  }

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }

  get ids(): number[] {
    return Array.from(this.text.matchAll(/^id: (\d+)\nevent: stock$/gm), ([, id]) => Number(id));
  }
}

export const event = (id: number): StockEvent => ({
  id,
  productId: "spyglass",
  stock: 1,
  sold: 1,
  instanceId: "1",
  at: 1700000000000,
});
export const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Streams over a ledger with events 1 to `count`. */
export function streamsOver(count: number) {
  const feed = { last: count, catchUp: async () => {} };
  const ledger: Partial<Ledger> = {
    eventWindow: async () => ({ oldest: 1, newest: feed.last }),
    eventsAfter: async (id, limit) => range(id + 1, Math.min(id + limit, feed.last)).map(event),
    stock: async () => ({ lastEventId: feed.last, stock: [] }),
  };
  const metrics = createMetrics();
  const errors: unknown[] = [];
  const streams = new EventStreams({
    instanceId: "1",
    ledger: ledger as Ledger,
    bus: { state: "up" } as EventBus,
    feed: feed as StockFeed,
    metrics,
    onError: (error) => errors.push(error),
    replayReadMs: 300,
  });
  const open = (lastEventId?: number) => {
    const response = new FakeResponse();
    streams.open(response as unknown as Response, lastEventId);
    return response;
  };
  const cuts = async () =>
    (await metrics.streamCuts.get()).values.map(({ labels, value }) => [labels.reason, value]);
  const announce = (id: number) => {
    feed.last = id;
    streams.onEvent(event(id));
  };
  return { streams, open, announce, cuts, errors, ledger, feed, metrics };
}
