import { connect } from "node:net";

const url = process.env.REDIS_URL;
if (url === undefined || url === "") {
  throw new Error(
    "The contract tests need a real Redis. Start one and set REDIS_URL, for example redis://127.0.0.1:6379.",
  );
}
const { hostname, port } = new URL(url);
await new Promise<void>((resolve, reject) => {
  const socket = connect(Number(port || 6379), hostname, () => {
    socket.destroy();
    resolve();
  });
  socket.on("error", (cause) => reject(new Error(`There is no Redis at ${url}. Start it.`, { cause })));
});
