import { Redis } from "ioredis";

/** Milliseconds Redis has to answer one command before it counts as away. */
export const COMMAND_TIMEOUT_MS = 500;
const HEARTBEAT_MS = 2000;

/**
 * A connection that never queues while Redis is away: commands fail at once instead of piling up. It
 * reconnects for ever. `onError` hears what the connection reports; the caller keeps it from flooding.
 */
export function redisClient(url: string, name: string, onError: (error: Error) => void): Redis {
  const client = new Redis(url, {
    connectionName: name,
    connectTimeout: 2000,
    commandTimeout: COMMAND_TIMEOUT_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    // The subscriber pings too; RESP3 allows every command beside a subscription.
    protocol: 3,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 5), 1000),
  });
  return client.on("error", onError);
}

/**
 * Pings all connections for ever and cuts those that do not answer, so that they reconnect: a connection
 * that was cut silently looks healthy to its owner, and a hung one would collect commands without bound.
 * Returns what stops it.
 */
export function keepAlive(clients: readonly Redis[], onSilent: (client: Redis) => void): () => void {
  const timer = setInterval(() => {
    for (const client of clients) {
      if (client.status !== "ready") continue;
      client.ping().catch(() => {
        if (client.status !== "ready") return;
        onSilent(client);
        client.disconnect(true);
      });
    }
  }, HEARTBEAT_MS).unref();
  return () => clearInterval(timer);
}
