import { expect, test } from "vitest";
import { EventClient } from "../support/event-client.ts";
import { shared, startReplica } from "../support/replica.ts";
import { until } from "../support/until.ts";

test("a database that cannot be read is told once, and once that it is back, however often it was asked", async () => {
  // Without Redis the feed looks four times a second.
  const shop = await startReplica(shared(), { redisUrl: "redis://127.0.0.1:1" });
  const before = await EventClient.open(shop.url);
  await before.first("snapshot");
  const { eventsAfter } = shop.ledger;
  let looks = 0;
  shop.ledger.eventsAfter = async () => {
    looks++;
    throw new Error("the disk is gone");
  };
  const logged = (words: string) => shop.logLines.filter((line) => line.includes(words)).length;
  await until("the first word of it", () => logged("stock events cannot be read") > 0);
  for (let i = 0; i < 3; i++) {
    const client = await EventClient.open(shop.url, 0);
    await until("the cut", () => client.ended);
  }
  const enough = looks + 4;
  await until("more looks", () => looks >= enough);
  expect(logged("the disk is gone")).toBe(1);

  shop.ledger.eventsAfter = eventsAfter;
  await until("word of the return", () => logged("stock events are read again") > 0);
  expect((await shop.buy("spyglass", 1)).status).toBe(201);
  await before.untilId(1);
  expect(logged("stock events are read again")).toBe(1);
});
