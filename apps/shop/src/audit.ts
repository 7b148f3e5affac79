import { once } from "node:events";
import { auditLines } from "./adapters/sqlite-audit.ts";
import { readConfig } from "./config.ts";

/** Characters collected before they are written: a write per line would take longer than reading it. */
const CHUNK = 64 * 1024;

/**
 * `node src/audit.ts` in a replica's container: outbox, products and all orders as lines of JSON, one consistent
 * snapshot. Waits for its reader, so that it needs the same memory for a million orders as for ten.
 */
const { databaseFile } = readConfig();
const { stdout } = process;
const write = async (text: string) => {
  if (!stdout.write(text)) await once(stdout, "drain");
};
let text = "";
for (const line of auditLines(databaseFile)) {
  text += `${JSON.stringify(line)}\n`;
  if (text.length < CHUNK) continue;
  await write(text);
  text = "";
}
await write(text);
