import { DEAD_TOPIC, ORDERS_TOPIC } from "@evenkeel/contracts";
import { type Admin, Kafka, type KafkaConfig, logLevel } from "kafkajs";
import { restWhenIdle } from "./kafka-idle.ts";

restWhenIdle();

/** A dead message carries the value that was too large for the books, and headers on top. */
const DEAD_MESSAGE_BYTES = 4 * 1024 * 1024;

/**
 * Connections to Kafka, none opened yet. Silent: what goes wrong reaches the caller as an error or as an
 * event, and kafkajs' own lines would repeat it every second while Kafka is away.
 */
export function kafkaClient(
  brokers: readonly string[],
  clientId: string,
  options: Partial<KafkaConfig> = {},
): Kafka {
  return new Kafka({
    brokers: [...brokers],
    clientId,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2000,
    requestTimeout: 10_000,
    // Short, because every caller begins anew when they are used up.
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 5 },
    ...options,
  });
}

/** Both topics of the lab, as the contract wants them; safe when several processes do so at once. */
export async function ensureTopics(admin: Admin): Promise<void> {
  for (const { name, partitions, retentionMs } of [ORDERS_TOPIC, DEAD_TOPIC]) {
    const size = name === DEAD_TOPIC.name ? DEAD_MESSAGE_BYTES : ORDERS_TOPIC.maxMessageBytes;
    const configEntries = [
      { name: "retention.ms", value: String(retentionMs) },
      // The broker unpacks what it is given: kafkajs cannot read snappy, lz4 or zstd, and one such message
      // would stop its consumers for ever.
      { name: "compression.type", value: "uncompressed" },
      { name: "max.message.bytes", value: String(size) },
    ];
    // Resolves with false where the topic is there already; then it stays as it is.
    await admin.createTopics({ topics: [{ topic: name, numPartitions: partitions, configEntries }] });
  }
}

/** The same over a connection of its own. Rejects when Kafka cannot be used. */
export async function prepareTopics(kafka: Pick<Kafka, "admin">): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    await ensureTopics(admin);
  } finally {
    await admin.disconnect().catch(() => {});
  }
}
