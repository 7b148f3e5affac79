import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { StreamClient } from "../../src/runtime/stream-client.ts";

const snapshot = (id: number) => `event: snapshot\nid: ${id}\ndata: {"lastEventId":${id},"stock":[]}\n\n`;
const stock = (id: number) =>
  `event: stock\nid: ${id}\ndata: ${JSON.stringify({ id, productId: "x", stock: 1, sold: 1, instanceId: "1", at: 1 })}\n\n`;

/** What a client makes of a stream that says this. */
async function afterHearing(text: string, last: number, deadlineMs = 3000): Promise<StreamClient> {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream", "x-instance-id": "1" });
    response.write(text);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new StreamClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}/events`);
  try {
    await client.has(last, deadlineMs);
    return client;
  } finally {
    client[Symbol.dispose]();
    server.closeAllConnections();
    server.close();
  }
}

describe("the watch over an event stream", () => {
  it("is content with ids that rise by one from the snapshot", async () => {
    const client = await afterHearing(snapshot(7) + stock(8) + stock(9), 9);
    expect(client.faultCount()).toBe(0);
    expect(client.instances).toEqual(["1"]);
  });
  it("misses ids right after the snapshot", async () => {
    const client = await afterHearing(snapshot(10) + stock(14) + stock(15), 15);
    expect(client.faults()).toEqual({ missing: [11, 12, 13], twice: [], outOfOrder: [] });
  });
  it("notices an id that comes twice, and one that comes too late", async () => {
    const client = await afterHearing(snapshot(1) + stock(2) + stock(2) + stock(4) + stock(3) + stock(5), 5);
    expect(client.faults()).toEqual({ missing: [], twice: [2], outOfOrder: [3] });
  });
  it("does not miss what a new snapshot holds", async () => {
    const client = await afterHearing(snapshot(1) + stock(2) + snapshot(90) + stock(91), 91);
    expect(client.faultCount()).toBe(0);
  });
  it("waits in vain for an event that never comes", async () => {
    await expect(afterHearing(snapshot(1), 2, 300)).rejects.toThrow(/event 2/);
  });
});
