// The last station of an alert, where a real installation has a pager or a chat. Plain Node, no dependency.
import { receiver } from "./server.mts";

const PORT = 8000;
const say = (line: string) => process.stdout.write(`${new Date().toISOString()} ${line}\n`);

const server = receiver(say);
server.listen(PORT, () => say("Waiting for alerts."));
for (const signal of ["SIGTERM", "SIGINT"] as const)
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
  });
