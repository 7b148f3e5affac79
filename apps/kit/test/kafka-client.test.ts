import type { Admin, ITopicConfig } from "kafkajs";
import { expect, test } from "vitest";
import { ensureTopics } from "../src/kafka-client.ts";

test("both topics are asked for with partitions and retention, and unpacked by the broker", async () => {
  const asked: ITopicConfig[] = [];
  const createTopics = async ({ topics }: { topics: ITopicConfig[] }) => {
    asked.push(...topics);
    return false;
  };
  await ensureTopics({ createTopics } as unknown as Admin);
  const settings = ({ configEntries = [] }: ITopicConfig) =>
    Object.fromEntries(configEntries.map(({ name, value }) => [name, value]));
  expect(asked.map((topic) => [topic.topic, topic.numPartitions, settings(topic)])).toEqual([
    [
      "orders",
      6,
      { "retention.ms": "604800000", "compression.type": "uncompressed", "max.message.bytes": "131072" },
    ],
    [
      "orders.dead",
      1,
      { "retention.ms": "2592000000", "compression.type": "uncompressed", "max.message.bytes": "4194304" },
    ],
  ]);
});
