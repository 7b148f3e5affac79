import { Brokers, milliseconds, Name, readEnvironment } from "@evenkeel/kit/environment";
import { z } from "zod";
import manifest from "../package.json" with { type: "json" };

const Environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(8000),
  /** Wins over INSTANCE_PREFIX. With neither, the id is "0": an instance that runs alone, outside the lab. */
  INSTANCE_ID: Name.optional(),
  /** Container name without its ordinal (`evenkeel-orders-`); the instance then finds its own ordinal. */
  INSTANCE_PREFIX: Name.optional(),
  DATABASE_FILE: z.string().min(1).default("/data/orders.db"),
  KAFKA_BROKERS: Brokers.prefault("kafka:9092"),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).default("redis://redis:6379"),
  LOG_FORMAT: z.enum(["pretty", "json"]).default("pretty"),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
  ORDERS_VERSION: Name.default(manifest.version),
  /** How long the batch in hand and requests in flight have; must stay below the container's stop grace. */
  SHUTDOWN_MS: milliseconds(8000),
});

/** What the environment decides about an instance. Durations are milliseconds. */
export interface Config {
  readonly port: number;
  readonly instanceId: string | undefined;
  readonly instancePrefix: string | undefined;
  readonly databaseFile: string;
  readonly brokers: readonly string[];
  readonly redisUrl: string;
  readonly logFormat: "pretty" | "json";
  readonly logLevel: "debug" | "info" | "warn" | "error" | "silent";
  readonly version: string;
  readonly shutdownMs: number;
}

/** Reads the environment; throws an error whose message names every variable that is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const e = readEnvironment(Environment, env);
  return {
    port: e.PORT,
    instanceId: e.INSTANCE_ID,
    instancePrefix: e.INSTANCE_PREFIX,
    databaseFile: e.DATABASE_FILE,
    brokers: e.KAFKA_BROKERS,
    redisUrl: e.REDIS_URL,
    logFormat: e.LOG_FORMAT,
    logLevel: e.LOG_LEVEL,
    version: e.ORDERS_VERSION,
    shutdownMs: e.SHUTDOWN_MS,
  };
}
