import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 10_000 } },
      {
        test: {
          name: "contract",
          include: ["test/contract/**/*.test.ts"],
          // A real Redis at REDIS_URL and a real Kafka at KAFKA_BROKERS; without them every file fails with a
          // sentence that says so.
          setupFiles: ["test/contract/require-redis.ts", "test/contract/require-kafka.ts"],
          testTimeout: 20_000,
          hookTimeout: 20_000,
          // Drain tests measure time, and some child processes share Redis' one stock channel.
          maxWorkers: 1,
        },
      },
    ],
  },
});
