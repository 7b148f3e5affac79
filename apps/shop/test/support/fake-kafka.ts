import type { LogMessage, OrderLog, Outbox } from "../../src/domain/ports.ts";

/** How one replica's next question to Kafka ends. `unheard`: Kafka has it, and its answer got lost. */
export type Ending = "good" | "refused" | "unheard" | "hangs";

/** One Kafka for several relays. */
export class FakeKafka {
  readonly messages: { readonly from: string; readonly key: string; readonly value: string }[] = [];
  /** Asked for each check and each send. */
  ending: (from: string, what: "check" | "send") => Ending = () => "good";

  readonly #arrived = new Set<number>();

  /** Event ids in the order of their first arrival. */
  get arrivals(): number[] {
    return [...this.#arrived];
  }

  /** Text that is no JSON arrives, too; it has no event id. */
  #receive(from: string, batch: readonly LogMessage[]): void {
    for (const message of batch) {
      this.messages.push({ from, ...message });
      const eventId = /"eventId":(\d+)/.exec(message.value)?.[1];
      if (eventId !== undefined) this.#arrived.add(Number(eventId));
    }
  }

  clientOf(from: string): OrderLog {
    let open = false;
    let cut: (error: Error) => void = () => {};
    const ask = async (what: "check" | "send", deliver: () => void) => {
      const ending = this.ending(from, what);
      if (ending === "hangs") {
        await new Promise((_, reject) => {
          cut = reject;
        });
      }
      if (ending !== "refused") deliver();
      if (ending !== "good") throw new Error(`${what} was ${ending}`);
    };
    return {
      get open() {
        return open;
      },
      check: () =>
        ask("check", () => {
          open = true;
        }),
      send: (batch: readonly LogMessage[]) => ask("send", () => this.#receive(from, batch)),
      drop: () => {
        open = false;
        cut(new Error("cut"));
      },
    };
  }
}

/** Stops a process between two of its steps, as SIGSTOP does, and lets it run on. */
export class Freezer {
  #thawed: Promise<void> | undefined;
  #thaw = () => {};

  freeze(): void {
    this.#thawed ??= new Promise((resolve) => {
      this.#thaw = resolve;
    });
  }

  thaw(): void {
    this.#thawed = undefined;
    this.#thaw();
  }

  /** The same object, whose methods begin and end only while the process runs. */
  wrap<T extends OrderLog | Outbox>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== "function" || name === "drop") return member;
        return async (...given: unknown[]) => {
          await this.#thawed;
          const result: unknown = await member.apply(target, given);
          await this.#thawed;
          return result;
        };
      },
    });
  }
}
