import { randomUUID } from "node:crypto";
import { ORDERS_TOPIC, OrderMessage, type OrderPlaced } from "@evenkeel/contracts";
import { kafkaClient } from "@evenkeel/kit/kafka-client";
import type { Admin } from "kafkajs";
import { onTestFinished } from "vitest";
import { kafkaBrokers } from "./replica.ts";

/** A connection to the tests' Kafka that is closed after the test. */
export async function kafkaAdmin(): Promise<Admin> {
  const admin = kafkaClient(kafkaBrokers, "evenkeel-test").admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  return admin;
}

/** Everything the topic has and gets from now on; what is no order is left out. */
export async function readOrders(): Promise<(OrderPlaced & { readonly key: string | undefined })[]> {
  const orders: (OrderPlaced & { readonly key: string | undefined })[] = [];
  const consumer = kafkaClient(kafkaBrokers, "evenkeel-test").consumer({ groupId: randomUUID() });
  onTestFinished(() => consumer.disconnect());
  await consumer.connect();
  await consumer.subscribe({ topics: [ORDERS_TOPIC.name], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      const read = OrderMessage.safeParse(JSON.parse(message.value?.toString() ?? "null"));
      if (read.success && read.data.type === "order.placed") {
        orders.push({ ...read.data, key: message.key?.toString() });
      }
    },
  });
  return orders;
}
