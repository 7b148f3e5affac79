import { expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";

test("without any variable everything is as in the containers", () => {
  expect(readConfig({})).toMatchObject({
    port: 8000,
    databaseFile: "/data/orders.db",
    brokers: ["kafka:9092"],
    redisUrl: "redis://redis:6379",
  });
});

test("several brokers are separated by commas", () => {
  expect(readConfig({ KAFKA_BROKERS: "a:1,b.example:9092" }).brokers).toEqual(["a:1", "b.example:9092"]);
});

test("everything that is wrong is named in one sentence", () => {
  expect(() => readConfig({ PORT: "x", KAFKA_BROKERS: "kafka", REDIS_URL: "http://redis" })).toThrow(
    /PORT.*KAFKA_BROKERS: must be host:port.*REDIS_URL/,
  );
});
