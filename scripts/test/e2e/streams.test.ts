import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { waitUntil } from "../../src/lib/wait-until.ts";
import { kill, labContainers } from "../../src/runtime/docker.ts";
import { StreamClient } from "../../src/runtime/stream-client.ts";
import { at, buy, docker, GOODS, labOk, replica } from "./harness.ts";

/** Streams on all replicas: opens clients until each of the wanted ones serves at least one. */
async function streamsOn(...wanted: string[]): Promise<StreamClient[]> {
  const clients: StreamClient[] = [];
  await waitUntil(
    `event streams on the replicas ${wanted.join(", ")}`,
    async () => {
      clients.push(await new StreamClient(at("/events")).ready());
      return wanted.every((id) => clients.some(({ instances }) => instances.at(-1) === id));
    },
    { deadlineMs: 20_000, intervalMs: 10 },
  );
  return clients;
}

/**
 * Buys one unit after the other until told to stop, at the latest at the end of the block; answers with the ids of the
 * events it caused. Of all goods in turn: a single product would be sold out in four seconds.
 */
function shopper(): AsyncDisposable & { stop: () => Promise<number[]> } {
  const ids: number[] = [];
  let stopped = false;
  const running = (async () => {
    for (let turn = 0; !stopped; turn++) {
      const answer = await buy(GOODS[turn % GOODS.length] ?? "").catch(() => null);
      if (answer?.status === 201) ids.push(Number(answer.body.eventId));
    }
  })();
  const stop = async () => {
    stopped = true;
    await running;
    return ids;
  };
  return { stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}

describe("event streams", () => {
  let clients: StreamClient[] = [];
  beforeAll(async () => void (await labOk("up")));
  beforeEach(async () => void (await labOk("reset")));
  afterEach(async () => {
    for (const client of clients) client[Symbol.dispose]();
    await labOk("up");
  });

  const expectWhole = async (bought: number[]) => {
    const last = Math.max(...bought);
    for (const client of clients) {
      await client.has(last);
      expect(client.faults()).toEqual({ missing: [], twice: [], outOfOrder: [] });
      for (const id of bought.filter((one) => one > client.snapshotId)) expect(client.ids).toContain(id);
    }
  };

  it("carry a purchase on one replica to the browsers of all replicas", async () => {
    clients = await streamsOn("1", "2");
    const { body } = await buy("brass-sextant", 2);
    for (const client of clients) {
      await client.has(Number(body.eventId));
      expect(client.stock.get("brass-sextant")).toBe(body.stock);
    }
  });

  it("lose no id and repeat none when a replica is killed under purchases", async () => {
    clients = await streamsOn("1", "2");
    await using customer = shopper();
    await waitUntil("ten events", () => clients.every(({ ids }) => ids.length >= 10), { deadlineMs: 20_000 });
    const orphans = clients.filter(({ instances }) => instances.at(-1) === "1");
    await kill((await replica(1)).id, "SIGKILL");
    await waitUntil(
      "the orphaned browsers to hang on the other replica",
      () => orphans.every(({ instances }) => instances.at(-1) === "2"),
      { deadlineMs: 20_000 },
    );
    const marks = clients.map(({ ids }) => ids.length);
    await waitUntil(
      "ten more events",
      () => clients.every(({ ids }, i) => ids.length >= (marks[i] ?? 0) + 10),
      {
        deadlineMs: 20_000,
      },
    );
    expect(orphans.length).toBeGreaterThan(0);
    await expectWhole(await customer.stop());
    for (const { snapshots } of clients) expect(snapshots).toBe(1);
  });

  it("go on while Redis is away, say so, and are whole afterwards", async () => {
    clients = await streamsOn("1", "2");
    await using customer = shopper();
    await waitUntil("ten events", () => clients.every(({ ids }) => ids.length >= 10), { deadlineMs: 20_000 });
    await kill((await redis()).id, "SIGKILL");
    await waitUntil(
      "word that the fan-out is down",
      () => clients.every(({ bus }) => bus.at(-1) === "down"),
      {
        deadlineMs: 20_000,
      },
    );
    const during = await buy("sea-chart");
    expect(during.status).toBe(201);
    await docker("compose", "start", "redis");
    await waitUntil("word that the fan-out is up", () => clients.every(({ bus }) => bus.at(-1) === "up"), {
      deadlineMs: 30_000,
    });
    await expectWhole([...(await customer.stop()), Number(during.body.eventId)]);
  });

  it("move on when their replica drains, without missing an id", async () => {
    clients = await streamsOn("1", "2");
    await using customer = shopper();
    await docker("stop", (await replica(2)).id);
    await waitUntil(
      "all browsers to hang on replica 1",
      () => clients.every(({ instances }) => instances.at(-1) === "1"),
      { deadlineMs: 20_000 },
    );
    await expectWhole(await customer.stop());
  });
});

async function redis() {
  const [found] = await labContainers({ service: "redis" });
  if (!found) throw new Error("Redis does not run.");
  return found;
}
