import { BrokersOrNone, milliseconds, Name, readEnvironment } from "@evenkeel/kit/environment";
import { z } from "zod";
import manifest from "../package.json" with { type: "json" };

const Environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(8000),
  /** Wins over INSTANCE_PREFIX. With neither, the id is "0": a replica that runs alone, outside the lab. */
  INSTANCE_ID: Name.optional(),
  /** Container name without its ordinal (`evenkeel-app-`); the replica then finds its own ordinal. */
  INSTANCE_PREFIX: Name.optional(),
  DATABASE_FILE: z.string().min(1).default("/data/shop.db"),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).default("redis://redis:6379"),
  /** `none`: orders stay in this shop, and nothing waits for Kafka. All replicas of a database must agree. */
  KAFKA_BROKERS: BrokersOrNone.prefault("kafka:9092"),
  /** The orders app, whose books say what was booked. */
  ORDERS_URL: z.url({ protocol: /^http$/ }).default("http://orders:8000"),
  CART_STORE: z.enum(["redis", "memory"]).default("redis"),
  LOG_FORMAT: z.enum(["pretty", "json"]).default("pretty"),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
  SHOP_VERSION: Name.default(manifest.version),
  /** How long a replica that was told to stop still accepts: the balancer needs to notice. */
  DRAIN_MS: milliseconds(2000),
  /** How long requests in flight then have; with DRAIN_MS it must stay below the container's stop grace. */
  SHUTDOWN_MS: milliseconds(8000),
});

/** What the environment decides about a replica. Durations are milliseconds. */
export interface Config {
  readonly port: number;
  readonly instanceId: string | undefined;
  readonly instancePrefix: string | undefined;
  readonly databaseFile: string;
  readonly redisUrl: string;
  /** `host:port` of each; empty: no relay. */
  readonly kafkaBrokers: readonly string[];
  readonly ordersUrl: string;
  readonly cartStore: "redis" | "memory";
  readonly logFormat: "pretty" | "json";
  readonly logLevel: "debug" | "info" | "warn" | "error" | "silent";
  readonly version: string;
  readonly drainMs: number;
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
    redisUrl: e.REDIS_URL,
    kafkaBrokers: e.KAFKA_BROKERS,
    ordersUrl: e.ORDERS_URL,
    cartStore: e.CART_STORE,
    logFormat: e.LOG_FORMAT,
    logLevel: e.LOG_LEVEL,
    version: e.SHOP_VERSION,
    drainMs: e.DRAIN_MS,
    shutdownMs: e.SHUTDOWN_MS,
  };
}
