import { kafkaClient } from "@evenkeel/kit/kafka-client";
import { readTopic } from "./adapters/topic-reader.ts";
import { readConfig } from "./config.ts";
import { fail, writeLines } from "./ndjson.ts";

/**
 * `node src/read-topic.ts <topic>` in a container: everything the topic holds now, one line of JSON per
 * message (TopicLine in the contracts). Exit 1 and a sentence on standard error when that is not possible.
 */
const [topic, ...rest] = process.argv.slice(2);
try {
  if (topic === undefined || rest.length > 0) {
    throw new Error("Name one topic, for example: node src/read-topic.ts orders");
  }
  const kafka = kafkaClient(readConfig().brokers, "evenkeel-read-topic");
  await readTopic({ kafka, topic, onLines: writeLines });
} catch (error) {
  fail(error);
}
