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

test("every wrong variable is named in one sentence", () => {
  const env = { PORT: "http", CART_STORE: "disk", REDIS_URL: "http://x", INSTANCE_ID: "a b\r\nx: y" };
  expect(() => readConfig(env)).toThrow(/not usable.*PORT.*INSTANCE_ID.*REDIS_URL.*CART_STORE/s);
});
