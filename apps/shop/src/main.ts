import { fileURLToPath } from "node:url";

/** Told to stop before it serves, a replica has nothing to finish; without this the signal would kill it. */
let stop = (_signal: string): unknown => process.exit(0);
process.on("SIGTERM", (signal) => stop(signal));
process.on("SIGINT", (signal) => stop(signal));

// Loaded only now: static imports would come before the lines above, and they take most of the start.
const { createMetrics } = await import("./metrics.ts");
const { createLogger, standardOutput } = await import("@evenkeel/kit/logger");
const { loadAssets } = await import("./assets.ts");
const { readConfig } = await import("./config.ts");
const { findIdentity } = await import("@evenkeel/kit/instance-id");
const { createReplica } = await import("./replica.ts");

const metrics = createMetrics();
const output = standardOutput(() => metrics.logDrops.inc());
let log = createLogger({ format: "pretty", level: "info", instanceId: "?" }, output);

/** The end of this process when something broke that no request can answer for; Docker restarts it. */
function crash(what: string, error: unknown): never {
  log.error(what, error);
  output.flushSync();
  process.exit(1);
}
process.on("uncaughtException", (error) => crash("uncaught exception", error));
process.on("unhandledRejection", (error) => crash("unhandled rejection", error));
// Node prints warnings past the log. Known here: type stripping and SQLite are young.
process.removeAllListeners("warning");
process.on("warning", (warning) => {
  if (warning.name !== "ExperimentalWarning") log.warn(warning.message, { warning: warning.name });
});

try {
  const config = readConfig();
  const identity = await findIdentity(config);
  const { instanceId } = identity;
  log = createLogger({ format: config.logFormat, level: config.logLevel, instanceId }, output);
  const assets = loadAssets(fileURLToPath(new URL("../public", import.meta.url)));
  const replica = await createReplica({ ...config, ...identity, assets, metrics, log });

  let stopping = false;
  stop = async (signal: string) => {
    if (stopping) crash(`${signal} came a second time`, new Error("The drain was not waited for."));
    stopping = true;
    log.info("draining", { signal, drainMs: config.drainMs, shutdownMs: config.shutdownMs });
    const cut = await replica.drain(config.drainMs, config.shutdownMs);
    if (cut > 0) log.warn("connections were cut at the deadline", { cut });
    log.info("stopped");
    await output.flush();
    process.exit(0);
  };

  const port = await replica.listen(config.port);
  log.info("listening", { port, version: config.version, assets: assets.version });
} catch (error) {
  crash("this replica could not start", error);
}
