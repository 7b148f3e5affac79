import { join } from "node:path";
import { paths } from "../lib/paths.ts";
import { waitUntil } from "../lib/wait-until.ts";
import { exec } from "./docker.ts";
import { freePort } from "./free-port.ts";
import { type ScratchServer, scratchContainer } from "./scratch-container.ts";

/**
 * Starts a throw-away Kafka from the lab's image and configuration on a free port of 127.0.0.1; disposing
 * removes it. Its `address` is what clients take as their broker.
 */
export async function scratchKafka(): Promise<ScratchServer> {
  // Kafka tells clients where to come back to, so its port outside must be known before it starts.
  const port = await freePort();
  const environment = {
    KAFKA_ADVERTISED: `127.0.0.1:${port}`,
    KAFKA_HEAP_OPTS: "-Xmx256m",
    KAFKA_JVM_PERFORMANCE_OPTS: "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
  };
  return scratchContainer({
    service: "kafka",
    run: [
      ...["--user", "1000:1000", "--entrypoint", "", "--memory", "512m"],
      ...["--tmpfs", "/tmp:uid=1000,gid=1000,mode=0700,exec"],
      ...["--tmpfs", "/var/lib/kafka/data:uid=1000,gid=1000,mode=0700"],
      ...["--volume", `${join(paths.root, "kafka")}:/etc/evenkeel:ro`],
      ...Object.entries(environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
      ...["--publish", `127.0.0.1:${port}:9092`],
    ],
    command: ["bash", "/etc/evenkeel/start.sh"],
    port: 9092,
    ready: ({ name }) =>
      waitUntil(
        "the scratch Kafka to listen",
        async () =>
          (await exec(name, ["bash", "/etc/evenkeel/healthcheck.sh"], { timeoutMs: 3000 })).exitCode === 0,
        { deadlineMs: 60_000, intervalMs: 200 },
      ),
  });
}
