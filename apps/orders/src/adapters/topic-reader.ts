import { randomUUID } from "node:crypto";
import { ORDERS_TOPIC, type TopicLine } from "@evenkeel/contracts";
import type { Admin, Consumer, IHeaders, Kafka, KafkaMessage } from "kafkajs";

/** No message for so long, although some are still to come: then they never will. */
const STALL_MS = 15_000;
const WATCH_MS = 250;

export interface TopicReader {
  readonly kafka: Pick<Kafka, "admin" | "consumer">;
  readonly topic: string;
  /** Gets the messages of one partition in order; the next ones come when this resolves. */
  readonly onLines: (lines: TopicLine[]) => Promise<void>;
  readonly stallMs?: number;
}

/**
 * Reads a topic from its beginning to the end it has now, as a consumer group of its own that is deleted
 * afterwards. Rejects with a full sentence when there is no Kafka, no such topic, or no progress.
 */
export async function readTopic(options: TopicReader): Promise<void> {
  const { kafka, topic } = options;
  const admin = kafka.admin();
  try {
    await reach(admin);
    const ends = await endOffsets(admin, topic);
    if (ends.size === 0) return;
    const groupId = `read-${randomUUID()}`;
    try {
      await consume(options, groupId, ends);
    } finally {
      // Whoever looks at the list of groups should find only those that are at work.
      await admin.deleteGroups([groupId]).catch(() => {});
    }
  } finally {
    await admin.disconnect().catch(() => {});
  }
}

async function reach(admin: Admin): Promise<void> {
  try {
    await admin.connect();
  } catch (cause) {
    throw new Error("Kafka cannot be reached. Start it, or correct KAFKA_BROKERS.", { cause });
  }
}

/** Offset behind the newest message of each partition that has any. */
async function endOffsets(admin: Admin, topic: string): Promise<Map<number, bigint>> {
  if (!(await admin.listTopics()).includes(topic)) {
    throw new Error(`There is no topic "${topic}" in Kafka.`);
  }
  const offsets = await admin.fetchTopicOffsets(topic);
  const filled = offsets.filter(({ low, high }) => BigInt(high) > BigInt(low));
  return new Map(filled.map(({ partition, high }) => [partition, BigInt(high)]));
}

async function consume(
  { kafka, topic, onLines, stallMs = STALL_MS }: TopicReader,
  groupId: string,
  ends: Map<number, bigint>,
): Promise<void> {
  const left = new Map(ends);
  /** Next offset to hand out. A reader that is slow can be thrown out of its group, and then begins anew. */
  const next = new Map<number, bigint>();
  const consumer = kafka.consumer({
    groupId,
    maxWaitTimeInMs: 100,
    // This runs in a container whose memory an instance of the app needs.
    maxBytesPerPartition: ORDERS_TOPIC.maxMessageBytes,
    retry: { retries: 5 },
  });
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  let progressAt = performance.now();
  const watch = setInterval(() => {
    if (performance.now() - progressAt < stallMs) return;
    const missing = [...left.keys()].join(", ");
    reject(
      new Error(`Nothing came from Kafka for ${stallMs / 1000} seconds; partitions ${missing} are not read.`),
    );
  }, WATCH_MS);
  // Not by the last message: the end of a partition may be a mark of a transaction, which nobody gets to see.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
    progressAt = performance.now();
    if (BigInt(lastOffset) + 1n >= (left.get(partition) ?? 0n)) left.delete(partition);
    if (left.size === 0) resolve();
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    reject(new Error("Kafka was lost while the topic was read.", { cause: payload.error }));
  });
  try {
    const reading = begin(consumer, topic, async (partition, messages) => {
      const [from, end] = [next.get(partition) ?? 0n, ends.get(partition) ?? 0n];
      const fresh = messages.filter(({ offset }) => BigInt(offset) >= from && BigInt(offset) < end);
      const last = fresh.at(-1);
      if (last !== undefined) next.set(partition, BigInt(last.offset) + 1n);
      // Whoever takes the lines may be slow; that is no stall of Kafka.
      progressAt = Number.POSITIVE_INFINITY;
      await onLines(fresh.map(toLine(partition)));
      progressAt = performance.now();
    });
    await Promise.all([reading, done]);
  } finally {
    clearInterval(watch);
    await consumer.disconnect().catch(() => {});
  }
}

async function begin(
  consumer: Consumer,
  topic: string,
  onBatch: (partition: number, messages: KafkaMessage[]) => Promise<void>,
): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch: { partition, messages } }) => onBatch(partition, messages),
  });
}

const toLine =
  (partition: number) =>
  ({ offset, key, value, headers = {} }: KafkaMessage): TopicLine => ({
    kind: "message",
    partition,
    offset,
    key: key?.toString("utf8") ?? null,
    value: value?.toString("utf8") ?? null,
    headers: textOf(headers),
  });

/** A header that was given twice shows its last value. */
function textOf(headers: IHeaders): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => {
    const last = Array.isArray(value) ? value.at(-1) : value;
    return [name, last?.toString("utf8") ?? ""] as const;
  });
  return Object.fromEntries(entries);
}
