import { ORDERS_TOPIC, type OrderPlaced, type StockReset, type TopicLine } from "@evenkeel/contracts";
import { ensureTopics, kafkaClient } from "@evenkeel/kit/kafka-client";
import { Partitioners } from "kafkajs";
import { readTopic } from "../../src/adapters/topic-reader.ts";

export const redisUrl = process.env.REDIS_URL ?? "";
export const brokers = (process.env.KAFKA_BROKERS ?? "").split(",");
export const kafka = kafkaClient(brokers, "evenkeel-orders-test");

/** Messages of one send; with more a batch would be larger than Kafka takes. */
const SEND = 200;

/** What the shop's relay would send; a string or null is sent as it is. */
export async function publish(
  contents: readonly (OrderPlaced | StockReset | string | null)[],
  key = "rope",
): Promise<void> {
  const messages = contents.map((content) => ({
    key: typeof content === "object" && content !== null ? content.productId : key,
    value: typeof content === "object" && content !== null ? JSON.stringify(content) : content,
  }));
  const admin = kafka.admin();
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  try {
    await admin.connect();
    await ensureTopics(admin);
    await producer.connect();
    for (let i = 0; i < messages.length; i += SEND) {
      await producer.send({ topic: ORDERS_TOPIC.name, messages: messages.slice(i, i + SEND), acks: -1 });
    }
  } finally {
    await Promise.all([admin.disconnect(), producer.disconnect()]);
  }
}

/** Everything a topic holds now. */
export async function contentOf(topic: string): Promise<TopicLine[]> {
  const all: TopicLine[] = [];
  await readTopic({ kafka, topic, onLines: async (lines) => void all.push(...lines) });
  return all;
}
