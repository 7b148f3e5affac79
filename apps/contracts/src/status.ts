import { z } from "zod";

/** `GET /health`: liveness, asks no dependency. */
export const HealthResponse = z.strictObject({ status: z.literal("ok"), instanceId: z.string() });
export type HealthResponse = z.infer<typeof HealthResponse>;

/** State of one dependency and how long it took to answer. */
export const Dependency = z.strictObject({
  status: z.enum(["up", "down"]),
  /** `false`: the app does its work without it. */
  required: z.boolean(),
  /** Time of the probe in milliseconds; null when it did not answer. */
  latencyMs: z.number().nonnegative().nullable(),
  detail: z.string().optional(),
});
export type Dependency = z.infer<typeof Dependency>;

/** `GET /status`: readiness. 503 while draining or without a required dependency. */
export const StatusResponse = z.strictObject({
  status: z.enum(["ready", "draining", "unavailable"]),
  instanceId: z.string(),
  version: z.string(),
  uptimeSeconds: z.number().nonnegative(),
  openStreams: z.int().nonnegative(),
  cart: z.enum(["memory", "redis"]),
  dependencies: z.record(z.string(), Dependency),
});
export type StatusResponse = z.infer<typeof StatusResponse>;
