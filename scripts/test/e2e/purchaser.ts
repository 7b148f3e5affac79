import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitUntil } from "../../src/lib/wait-until.ts";
import { pace } from "../../src/runtime/pacer.ts";
import { buy, GOODS } from "./harness.ts";

/** Units of each of the goods that may be bought; a few remain, so that a purchase is never refused as sold out. */
const UNITS_OF_EACH = 490;
/** For those that had no answer at first, when the lab is whole again. */
const SETTLING_MS = 60_000;

interface Attempt {
  key: string;
  productId: string;
}

export interface Bought {
  /** Order id that the shop told, by idempotency key: every purchase that was tried, once. */
  acknowledged: Map<string, string>;
  /** Purchases that got no answer, or one that says nothing, when they were first tried. */
  unknown: number;
}

/**
 * A customer who buys one unit at a time at a steady rate, each with a key of its own. No answer means unknown, not
 * failed: when all is over, the same keys are sent again until the shop says what became of them. Made with `await
 * using`, so that a failed test does not go on buying. Needs a shop that was reset, and buys until little is left:
 * at 20 per second for four and a half minutes.
 */
export class Purchaser implements AsyncDisposable {
  readonly acknowledged = new Map<string, string>();
  readonly #unknown: Attempt[] = [];
  readonly #refused: string[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;
  #turn = 0;

  /** @param rate Purchases per second. */
  constructor(rate: number) {
    const options = {
      rate,
      durationSeconds: (GOODS.length * UNITS_OF_EACH) / rate,
      signal: this.#stop.signal,
    };
    this.#running = pace(options, () => this.#once());
  }

  async #once(): Promise<void> {
    const attempt = { key: randomUUID(), productId: GOODS[this.#turn++ % GOODS.length] ?? "" };
    if (!(await this.#try(attempt))) this.#unknown.push(attempt);
  }

  /** False: nobody knows whether it was carried out. */
  async #try({ key, productId }: Attempt): Promise<boolean> {
    const answer = await buy(productId, 1, key).catch(() => null);
    if (answer?.status === 201) this.acknowledged.set(key, String(answer.body.orderId));
    else if (answer && answer.status < 500) this.#refused.push(`${answer.status} for ${productId}`);
    else return false;
    return true;
  }

  /** Resolves when so many more purchases were acknowledged: proof that the shop sells. */
  async sells(more: number, deadlineMs = 60_000): Promise<void> {
    const goal = this.acknowledged.size + more;
    await waitUntil(`${more} more purchases`, () => this.acknowledged.size >= goal, {
      deadlineMs,
      intervalMs: 20,
    });
  }

  /** Ends the purchases and finds out what became of those without an answer. @throws when one was refused. */
  async end(): Promise<Bought> {
    await this[Symbol.asyncDispose]();
    const unknown = this.#unknown.length;
    await waitUntil(
      "an answer to every purchase that had none",
      async () => {
        for (const attempt of this.#unknown.splice(0))
          if (!(await this.#try(attempt))) this.#unknown.push(attempt);
        return this.#unknown.length === 0;
      },
      { deadlineMs: SETTLING_MS, intervalMs: 200 },
    );
    if (this.#refused.length > 0)
      throw new Error(`${this.#refused.length} purchases were refused; the first: ${this.#refused[0]}.`);
    return { acknowledged: this.acknowledged, unknown };
  }

  /** Ends the purchases and asks for nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

/** A file as `lab reconcile --acknowledged` takes it; disposing removes it. */
export async function acknowledgedFile({ acknowledged }: Pick<Bought, "acknowledged">) {
  const folder = await mkdtemp(join(tmpdir(), "evenkeel-acknowledged-"));
  const file = join(folder, "orders.txt");
  await writeFile(file, [...acknowledged.values(), ""].join("\n"));
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
