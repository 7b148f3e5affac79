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
      for (const level of snapshot.stock) this.stock.set(level.productId, level.stock);
    });
    this.#source.addEventListener("stock", (event) => {
      const stock = StockEvent.parse(JSON.parse(event.data));
      this.ids.push(stock.id);
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

  /** Id of the newest event this client knows of. */
  newest(): number {
    return Math.max(this.snapshotId, this.ids.at(-1) ?? 0);
  }

  /** What must never happen: ids that did not come, came twice, or came out of order. */
  faults(): { missing: number[]; twice: number[]; outOfOrder: number[] } {
    const missing: number[] = [];
    const twice: number[] = [];
    const outOfOrder: number[] = [];
    const seen = new Set<number>();
    let highest = 0;
    for (const id of this.ids) {
      if (seen.has(id)) twice.push(id);
      else if (id < highest) outOfOrder.push(id);
      seen.add(id);
      highest = Math.max(highest, id);
    }
    for (let id = (this.ids[0] ?? 0) + 1; id < highest; id++) if (!seen.has(id)) missing.push(id);
    return { missing, twice, outOfOrder };
  }

  [Symbol.dispose](): void {
    this.#source.close();
  }
}
