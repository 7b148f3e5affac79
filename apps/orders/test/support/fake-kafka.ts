import type { EachBatchPayload } from "kafkajs";
import type { RawMessage } from "../../src/domain/ports.ts";

type Listener = (event: { payload: unknown }) => void;

/** One consumer as kafkajs would give it; the test plays the broker. */
export class FakeConsumer {
  readonly events = {
    GROUP_JOIN: "join",
    HEARTBEAT: "heartbeat",
    CRASH: "crash",
    START_BATCH_PROCESS: "start",
    END_BATCH_PROCESS: "end",
  };
  readonly committed: unknown[] = [];
  readonly resolved: string[] = [];
  /** Told of each commit and each resolved offset. */
  onStep: (step: string) => void = () => {};
  left = false;
  rebalancing = false;
  refuseCommits = false;
  readonly #listeners = new Map<string, Listener>();
  #eachBatch: ((payload: EachBatchPayload) => Promise<void>) | undefined;

  on = (name: string, listener: Listener) => void this.#listeners.set(name, listener);
  connect = async () => {};
  subscribe = async () => {};
  run = async ({ eachBatch }: { eachBatch: (payload: EachBatchPayload) => Promise<void> }) => {
    this.#eachBatch = eachBatch;
    this.emit("join", { memberAssignment: { orders: [4, 1] } });
  };
  disconnect = async () => {
    this.left = true;
  };

  emit(name: string, payload: unknown): void {
    this.#listeners.get(name)?.({ payload });
  }

  /** Hands over a batch as kafkajs' runner does; rejects where the runner would see the batch fail. */
  async deliver(messages: readonly RawMessage[], lastOffset = messages.at(-1)?.origin.offset): Promise<void> {
    const payload = {
      batch: {
        topic: "orders",
        partition: 1,
        messages: messages.map(({ key, value, origin: { offset } }) => ({ key, value, offset })),
        lastOffset: () => lastOffset,
      },
      isRunning: () => !this.left,
      heartbeat: async () => {
        if (this.rebalancing) throw new Error("The group is rebalancing.");
        this.emit("heartbeat", {});
      },
      commitOffsetsIfNecessary: async (offsets: unknown) => {
        if (this.refuseCommits) throw new Error("The generation is over.");
        this.committed.push(offsets);
        this.onStep("committed");
      },
      resolveOffset: (offset: string) => {
        this.resolved.push(offset);
        this.onStep("resolved");
      },
    };
    await this.#eachBatch?.(payload as unknown as EachBatchPayload);
  }
}

/** A client whose consumers the test can reach, in order of their making. */
export class FakeKafka {
  readonly consumers: FakeConsumer[] = [];
  /** Attempts to reach Kafka that fail before one succeeds. */
  away = 0;
  readonly topics: string[] = [];

  admin = () =>
    ({
      connect: async () => {
        if (this.away-- > 0) throw new Error("Kafka is away.");
      },
      createTopics: async ({ topics }: { topics: { topic: string }[] }) => {
        this.topics.push(...topics.map(({ topic }) => topic));
        return true;
      },
      disconnect: async () => {},
    }) as never;

  consumer = () => {
    const consumer = new FakeConsumer();
    this.consumers.push(consumer);
    return consumer as never;
  };
}
