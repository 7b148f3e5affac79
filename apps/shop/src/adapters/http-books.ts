import { get } from "node:http";
import { Booking } from "@evenkeel/contracts";
import type { Books } from "../domain/ports.ts";
import { nameLookup } from "./name-lookup.ts";

const DEADLINE_MS = 500;
/** A booking has a few hundred bytes. */
const MAX_ANSWER = 16 * 1024;

/** Asks the orders app over HTTP: `GET /bookings/:orderId`. */
export class HttpBooks implements Books {
  readonly #url: string;
  readonly #names = nameLookup();

  constructor(url: string) {
    this.#url = url;
  }

  async find(orderId: string): Promise<Booking | undefined> {
    const { status, text } = await this.#get(`/bookings/${encodeURIComponent(orderId)}`);
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`The orders app answered ${status}.`);
    return Booking.parse(JSON.parse(text));
  }

  /** Fails a question under way. */
  close(): void {
    this.#names.cancel();
  }

  /** A connection of its own each time, so that the name leads to an instance that lives now. */
  #get(path: string): Promise<{ status: number | undefined; text: string }> {
    return new Promise((resolve, reject) => {
      const options = { agent: false, lookup: this.#names.lookup, signal: AbortSignal.timeout(DEADLINE_MS) };
      const request = get(new URL(path, this.#url), options, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
          if (text.length > MAX_ANSWER) response.destroy(new Error("The orders app's answer has no end."));
        });
        response.on("end", () => resolve({ status: response.statusCode, text }));
        response.on("error", reject);
      });
      request.on("error", reject);
    });
  }
}
