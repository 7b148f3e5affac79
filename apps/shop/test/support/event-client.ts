import { type ClientRequest, get, type IncomingMessage } from "node:http";
import { onTestFinished } from "vitest";
import { until } from "./until.ts";

export interface ReceivedEvent {
  readonly name: string;
  readonly id: number | undefined;
  readonly data: unknown;
}

/** A client of `/events` that shows every byte's meaning: events, `retry:` lines and comments. */
export class EventClient {
  readonly events: ReceivedEvent[] = [];
  readonly retries: number[] = [];
  readonly response: IncomingMessage;
  ended = false;
  readonly #request: ClientRequest;
  #rest = "";

  private constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request;
    this.response = response;
    response.setEncoding("utf8");
    response.on("data", (text: string) => this.#read(text));
    response.on("close", () => {
      this.ended = true;
    });
    response.on("error", () => {});
  }

  /** Resolves when the headers are there. */
  static open(url: string, lastEventId?: number): Promise<EventClient> {
    const headers = lastEventId === undefined ? {} : { "last-event-id": String(lastEventId) };
    return new Promise((resolve, reject) => {
      const request = get(`${url}/events`, { headers, agent: false }, (response) =>
        resolve(new EventClient(request, response)),
      );
      request.on("error", reject);
      onTestFinished(() => void request.destroy());
    });
  }

  close(): void {
    this.#request.destroy();
  }

  named(name: string): ReceivedEvent[] {
    return this.events.filter((event) => event.name === name);
  }

  /** Ids of the stock events so far, in the order they came. */
  get ids(): number[] {
    return this.named("stock").map(({ id }) => id ?? Number.NaN);
  }

  /** The first event of that name, now or later. */
  first(name: string, deadlineMs?: number): Promise<ReceivedEvent> {
    return until(`an event "${name}"`, () => this.named(name)[0], deadlineMs);
  }

  async untilId(id: number, deadlineMs?: number): Promise<void> {
    await until(`the stock event ${id}`, () => (this.ids.at(-1) ?? 0) >= id, deadlineMs);
  }

  #read(text: string): void {
    const blocks = (this.#rest + text).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    for (const block of blocks) this.#block(block.split("\n"));
  }

  #block(lines: string[]): void {
    const field = (name: string) =>
      lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const retry = field("retry");
    if (retry !== undefined) this.retries.push(Number(retry));
    const [name, id, data] = [field("event"), field("id"), field("data")];
    if (name === undefined || data === undefined) return;
    this.events.push({ name, id: id === undefined ? undefined : Number(id), data: JSON.parse(data) });
  }
}
