import { headers, StockEvent, StockList } from "@evenkeel/contracts";
import { EventSource } from "eventsource";
import { waitUntil } from "../lib/wait-until.ts";

/** A browser's view of `GET /events`: reconnects by itself with `Last-Event-ID`, keeps what it received. */
export class StreamClient implements Disposable {
  /** Ids of `stock` events in the order of arrival. */
  readonly ids: number[] = [];
  /** Newest known stock by product. */
  readonly stock = new Map<string, number>();
  /** Replica of each connection, in order. */
  readonly instances: string[] = [];
  /** What `hello` and `bus` events said about the fan-out: "up" or "down", in order. */
  readonly bus: string[] = [];
  /** Id of the newest snapshot; events before it need not come. */
  snapshotId = 0;
  snapshots = 0;
  #newest = 0;
  readonly #missing = new Set<number>();
  readonly #twice: number[] = [];
  readonly #outOfOrder: number[] = [];
  readonly #source: EventSource;

  /** @param url `http://127.0.0.1:8000/events` */
  constructor(url: string) {
    this.#source = new EventSource(url, {
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        this.instances.push(response.headers.get(headers.instanceId) ?? "none");
        return response;
      },
    });
    this.#source.addEventListener("snapshot", (event) => {
      const snapshot = StockList.parse(JSON.parse(event.data));
      this.snapshots++;
      this.snapshotId = snapshot.lastEventId;
      this.#newest = snapshot.lastEventId;
      for (const level of snapshot.stock) this.stock.set(level.productId, level.stock);
    });
    this.#source.addEventListener("stock", (event) => {
      const stock = StockEvent.parse(JSON.parse(event.data));
      this.#note(stock.id);
      this.stock.set(stock.productId, stock.stock);
    });
    for (const name of ["hello", "bus"])
      this.#source.addEventListener(name, (event) => this.bus.push(JSON.parse(event.data).bus));
  }

  /** Resolves once the first snapshot has arrived. */
  async ready(): Promise<this> {
    await waitUntil("the first snapshot of an event stream", () => this.snapshots > 0, {
      deadlineMs: 10_000,
      intervalMs: 20,
    });
    return this;
  }

  /** Resolves once the event with this id has arrived. */
  async has(id: number, deadlineMs = 10_000): Promise<void> {
    const replica = this.instances.at(-1) ?? "none yet";
    await waitUntil(`event ${id} on the stream of replica ${replica}`, () => this.newest() >= id, {
      deadlineMs,
      intervalMs: 20,
    });
  }

  /** Id of the newest event this client knows of; 0 before the first snapshot. */
  newest(): number {
    return this.#newest;
  }

  /** What must never happen: ids that did not come, came twice, or came out of order. */
  faults(): { missing: number[]; twice: number[]; outOfOrder: number[] } {
    return { missing: [...this.#missing], twice: this.#twice, outOfOrder: this.#outOfOrder };
  }

  faultCount(): number {
    return this.#missing.size + this.#twice.length + this.#outOfOrder.length;
  }

  /** Notes an id; everything between the newest known one and this one is missing until it comes after all. */
  #note(id: number): void {
    const newest = this.newest();
    this.ids.push(id);
    if (id > newest) for (let skipped = newest + 1; skipped < id; skipped++) this.#missing.add(skipped);
    else if (this.#missing.delete(id)) this.#outOfOrder.push(id);
    else this.#twice.push(id);
    this.#newest = Math.max(newest, id);
  }

  [Symbol.dispose](): void {
    this.#source.close();
  }
}
