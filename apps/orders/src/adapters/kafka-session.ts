import { ORDERS_TOPIC } from "@evenkeel/contracts";
import { prepareTopics } from "@evenkeel/kit/kafka-client";
import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import type { BatchMarks } from "./kafka-lag.ts";

export const GROUP = "orders";
/**
 * A member that was killed is missed after this long, and its partitions go to the others. After a restart of
 * Kafka this long passes too: it waits for the members it remembers, and they have begun anew.
 */
export const SESSION_TIMEOUT_MS = 8000;
/** Also how fast a member notices that another one came or left. */
const HEARTBEAT_MS = 1000;
const REBALANCE_TIMEOUT_MS = 10_000;
/** How long Kafka holds a request for messages while there are none. */
const MAX_WAIT_MS = 500;
/** Some 400 orders, so that one transaction stays in the milliseconds and the memory small. */
const BATCH_BYTES = ORDERS_TOPIC.maxMessageBytes;

/** What a session tells of itself. */
export interface SessionEvents {
  onJoined(partitions: number[]): void;
  /** Kafka answered a heartbeat. */
  onHeartbeat(): void;
  onBatchBegun(marks: BatchMarks): void;
  onBatchDone(marks: BatchMarks): void;
}

export interface SessionOptions extends SessionEvents {
  readonly kafka: Pick<Kafka, "admin" | "consumer">;
  readonly eachBatch: (payload: EachBatchPayload) => Promise<void>;
  /** Only tests need another one, to share a Kafka. */
  readonly group?: string;
}

/** One membership in the group, from joining to its end. */
export interface Session {
  /** Rejects with what broke it. Never resolves. */
  readonly broken: Promise<never>;
  /** Finishes the batch in hand and leaves the group, so that the others take over at once. */
  leave(): Promise<void>;
}

/** Makes sure that the topics are there and begins to read. Rejects when Kafka cannot be used. */
export async function beginSession(options: SessionOptions): Promise<Session> {
  const { kafka, group = GROUP, eachBatch } = options;
  await prepareTopics(kafka);
  const consumer = kafka.consumer({
    groupId: group,
    sessionTimeout: SESSION_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_MS,
    rebalanceTimeout: REBALANCE_TIMEOUT_MS,
    maxWaitTimeInMs: MAX_WAIT_MS,
    maxBytesPerPartition: BATCH_BYTES,
    // Not less than all partitions together: kafkajs always asks for them in the same order, and the last would starve.
    maxBytes: ORDERS_TOPIC.partitions * BATCH_BYTES,
    // kafkajs restarts after some crashes and not after others (tulios/kafkajs#558); the caller does after all.
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 5, restartOnFailure: async () => false },
  });
  const broken = new Promise<never>((_, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  });
  // Also when nobody waits for it any more.
  broken.catch(() => {});
  tell(consumer, options);
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [ORDERS_TOPIC.name], fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch });
  } catch (error) {
    await consumer.disconnect().catch(() => {});
    throw error;
  }
  return { broken, leave: () => consumer.disconnect() };
}

function tell(consumer: Consumer, to: SessionEvents): void {
  const { GROUP_JOIN, HEARTBEAT, START_BATCH_PROCESS, END_BATCH_PROCESS } = consumer.events;
  consumer.on(GROUP_JOIN, ({ payload }) =>
    to.onJoined((payload.memberAssignment[ORDERS_TOPIC.name] ?? []).toSorted((a, b) => a - b)),
  );
  consumer.on(HEARTBEAT, () => to.onHeartbeat());
  consumer.on(START_BATCH_PROCESS, ({ payload }) => to.onBatchBegun(payload));
  consumer.on(END_BATCH_PROCESS, ({ payload }) => to.onBatchDone(payload));
}
