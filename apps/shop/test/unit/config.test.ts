import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

test("an empty environment gives the documented defaults", () => {
  expect(readConfig({})).toEqual({
    port: 8000,
    instanceId: undefined,
    instancePrefix: undefined,
    databaseFile: "/data/shop.db",
    redisUrl: "redis://redis:6379",
    kafkaBrokers: ["kafka:9092"],
    ordersUrl: "http://orders:8000",
    cartStore: "redis",
    logFormat: "pretty",
    logLevel: "info",
    version: manifest.version,
    drainMs: 2000,
    shutdownMs: 8000,
  });
});

test("empty strings count as unset, as Compose passes them", () => {
  expect(readConfig({ PORT: "", INSTANCE_ID: "" })).toMatchObject({ port: 8000, instanceId: undefined });
});

test("a version of its own wins over the package's", () => {
  expect(readConfig({ SHOP_VERSION: "green" }).version).toBe("green");
});

test("brokers are a list, and none is no broker at all", () => {
  expect(readConfig({ KAFKA_BROKERS: "a:1,b-2.c:9092" }).kafkaBrokers).toEqual(["a:1", "b-2.c:9092"]);
  expect(readConfig({ KAFKA_BROKERS: "none" }).kafkaBrokers).toEqual([]);
  for (const wrong of ["kafka", "a:1,", "none,a:1", "[::1]:9092", "a:1 b:2"]) {
    expect(() => readConfig({ KAFKA_BROKERS: wrong }), wrong).toThrow(/KAFKA_BROKERS: must be host:port/);
  }
});

test("every wrong variable is named in one sentence", () => {
  const env = { PORT: "http", CART_STORE: "disk", REDIS_URL: "http://x", INSTANCE_ID: "a b\r\nx: y" };
  expect(() => readConfig(env)).toThrow(/not usable.*PORT.*INSTANCE_ID.*REDIS_URL.*CART_STORE/s);
});
