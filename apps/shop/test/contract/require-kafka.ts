import { connect } from "node:net";

const [broker = ""] = (process.env.KAFKA_BROKERS ?? "").split(",");
if (broker === "") {
  throw new Error(
    "The contract tests need a real Kafka. Start one and set KAFKA_BROKERS, for example 127.0.0.1:9092.",
  );
}
const [host = "", port] = broker.split(":");
await new Promise<void>((resolve, reject) => {
  const socket = connect(Number(port), host, () => {
    socket.destroy();
    resolve();
  });
  socket.on("error", (cause) => reject(new Error(`There is no Kafka at ${broker}. Start it.`, { cause })));
});
