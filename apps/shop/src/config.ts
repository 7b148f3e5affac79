import { z } from "zod";
import manifest from "../package.json" with { type: "json" };

/** Also the value of a header, a log field and a label, hence the narrow alphabet. */
const Name = z.string().regex(/^[\w.-]{1,64}$/, "must be 1 to 64 letters, digits, '.', '_' or '-'");
const milliseconds = (fallback: number) => z.coerce.number().int().min(0).max(600_000).default(fallback);

const Environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(8000),
  /** Wins over INSTANCE_PREFIX. With neither, the id is "0": a replica that runs alone, outside the lab. */
  INSTANCE_ID: Name.optional(),
  /** Container name without its ordinal (`evenkeel-app-`); the replica then finds its own ordinal. */
  INSTANCE_PREFIX: Name.optional(),
  DATABASE_FILE: z.string().min(1).default("/data/shop.db"),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).default("redis://redis:6379"),
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
  readonly cartStore: "redis" | "memory";
  readonly logFormat: "pretty" | "json";
  readonly logLevel: "debug" | "info" | "warn" | "error" | "silent";
  readonly version: string;
  readonly drainMs: number;
  readonly shutdownMs: number;
}

/** Reads the environment; throws an error whose message names every variable that is wrong. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  // Compose passes unset variables on as empty strings.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const result = Environment.safeParse(given);
  if (!result.success) {
    const faults = result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new Error(`The environment is not usable. Correct these variables: ${faults.join("; ")}.`);
  }
  const e = result.data;
  return {
    port: e.PORT,
    instanceId: e.INSTANCE_ID,
    instancePrefix: e.INSTANCE_PREFIX,
    databaseFile: e.DATABASE_FILE,
    redisUrl: e.REDIS_URL,
    cartStore: e.CART_STORE,
    logFormat: e.LOG_FORMAT,
    logLevel: e.LOG_LEVEL,
    version: e.SHOP_VERSION,
    drainMs: e.DRAIN_MS,
    shutdownMs: e.SHUTDOWN_MS,
  };
}
