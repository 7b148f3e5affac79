import { connect } from "node:net";

const wanted = [
  ["KAFKA_BROKERS", "Kafka", "127.0.0.1:9092"],
  ["REDIS_URL", "Redis", "redis://127.0.0.1:6379"],
] as const;

for (const [variable, name, example] of wanted) {
  const value = process.env[variable];
  if (value === undefined || value === "") {
    throw new Error(
      `The contract tests need a real ${name}. Start one and set ${variable}, for example ${example}.`,
    );
  }
  const { hostname, port } = new URL(value.includes("://") ? value : `tcp://${value.split(",")[0]}`);
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", (cause) => reject(new Error(`There is no ${name} at ${value}. Start it.`, { cause })));
  });
}
