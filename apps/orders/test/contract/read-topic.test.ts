import { randomUUID } from "node:crypto";
import { ORDERS_TOPIC, TopicLine } from "@evenkeel/contracts";
import { expect, onTestFinished, test } from "vitest";
import { order } from "../support/messages.ts";
import { run } from "../support/process.ts";
import { kafka, publish } from "../support/servers.ts";

async function connectedAdmin() {
  const admin = kafka.admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  return admin;
}

test("prints every message as it is in Kafka, and leaves no group behind", async () => {
  const productId = `read-${randomUUID()}`;
  const orders = Array.from({ length: 700 }, (_, i) => order(i + 1, { productId }));
  await publish(orders);
  const { code, lines, stderr } = await run("read-topic.ts", [ORDERS_TOPIC.name]);
  expect([code, stderr]).toEqual([0, ""]);
  const own = lines.map((line) => TopicLine.parse(JSON.parse(line))).filter(({ key }) => key === productId);
  expect(own.map(({ value }) => value)).toEqual(orders.map((one) => JSON.stringify(one)));
  const { groups } = await (await connectedAdmin()).listGroups();
  expect(groups.filter(({ groupId }) => groupId.startsWith("read-"))).toEqual([]);
});

test("an empty topic prints nothing", async () => {
  const admin = await connectedAdmin();
  const topic = `empty-${randomUUID()}`;
  await admin.createTopics({ topics: [{ topic }] });
  onTestFinished(() => admin.deleteTopics({ topics: [topic] }));
  expect(await run("read-topic.ts", [topic])).toEqual({ code: 0, lines: [], stderr: "" });
});

test.each([
  ["an absent topic", ["nowhere"], {}, /There is no topic "nowhere"/],
  ["an absent Kafka", ["orders"], { KAFKA_BROKERS: "127.0.0.1:1" }, /Kafka cannot be reached/],
  ["no topic", [], {}, /Name one topic/],
])("%s ends with a sentence and exit code 1", async (_, args, env, sentence) => {
  const { code, lines, stderr } = await run("read-topic.ts", args, env);
  expect([code, lines]).toEqual([1, []]);
  expect(stderr).toMatch(sentence);
});
