import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 10_000 } },
      {
        test: {
          name: "contract",
          include: ["test/contract/**/*.test.ts"],
          // Needs a real Kafka and Redis; without them every file fails with a sentence that says so.
          setupFiles: ["test/contract/require-servers.ts"],
          // Kafka misses a killed member after eight seconds, and some tests kill more than one.
          testTimeout: 90_000,
          hookTimeout: 30_000,
          // All share the topic, and child processes also the group.
          maxWorkers: 1,
        },
      },
    ],
  },
});
