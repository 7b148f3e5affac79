import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { waitUntil } from "../../src/lib/wait-until.ts";
import { kill, type LabContainer, start } from "../../src/runtime/docker.ts";
import { seeded } from "../../src/runtime/traffic-mix.ts";
import { labOk } from "./harness.ts";
import { allHealthy, containersOf, expectWhole, relayHolder } from "./order-flow.ts";
import { Purchaser } from "./purchaser.ts";

/** The same seed gives the same victims in the same order after the same pauses: CHAOS_SEED=… repeats a run. */
const SEED = process.env.CHAOS_SEED ? Number(process.env.CHAOS_SEED) : Math.floor(Math.random() * 2 ** 32);
const ROUNDS = 2;
/** Purchases per second; at more the shelves could be empty within {@link LIMIT_MS}. */
const RATE = 8;
/** Eight kills, after which a busy machine needs up to a minute each to be whole again. */
const LIMIT_MS = 600_000;
/** Milliseconds of good purchases before a kill, at most; spread over many turns of the relay and the consumers. */
const CALM_MS = 2000;
/** Milliseconds that a victim stays dead, at most. */
const DEAD_MS = 1500;

type Random = () => number;

const VICTIMS: Record<string, (random: Random) => Promise<LabContainer>> = {
  replica: async (random) => anyOf(await containersOf("app"), random),
  relay: () => relayHolder(),
  orders: async (random) => anyOf(await containersOf("orders"), random),
  kafka: async () => (await containersOf("kafka"))[0],
};

function anyOf(containers: [LabContainer, ...LabContainer[]], random: Random): LabContainer {
  return containers[Math.floor(random() * containers.length)] ?? containers[0];
}

/** Every victim so many times, in an order of chance. */
function plan(random: Random): string[] {
  return Object.keys(VICTIMS)
    .flatMap((name) => Array<string>(ROUNDS).fill(name))
    .map((name) => ({ name, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
}

async function pass(what: string, ms: number): Promise<void> {
  const due = performance.now() + ms;
  await waitUntil(what, () => performance.now() >= due, { deadlineMs: ms + 5000, intervalMs: 10 });
}

describe(`SIGKILL at random points under purchases (CHAOS_SEED=${SEED})`, () => {
  beforeAll(async () => {
    await labOk("up");
    await labOk("reset");
  });
  afterAll(async () => void (await labOk("up")));

  it(
    "of replicas, the relay, orders instances and Kafka: nothing is lost, nothing is booked twice",
    async () => {
      const random = seeded(SEED);
      const log: string[] = [];
      await using customer = new Purchaser(RATE);
      try {
        for (const name of plan(random)) {
          await customer.sells(5, 60_000);
          await pass("the moment of the kill", random() * CALM_MS);
          const victim = await VICTIMS[name]?.(random);
          if (!victim) throw new Error(`There is no victim ${name}.`);
          await kill(victim.id, "SIGKILL");
          await pass("the victim to be missed", random() * DEAD_MS);
          await start(victim.id);
          await allHealthy(120_000);
          log.push(`${name} (${victim.name})`);
        }
        await customer.sells(5, 60_000);
      } finally {
        console.log(`CHAOS_SEED=${SEED}: killed ${log.join(", ")}`);
      }
      const bought = await customer.end();
      const { counts } = await expectWhole(bought, 120);
      console.log(
        `${counts.database} orders, ${bought.unknown} of them without an answer at first; ${counts.copies} copies in Kafka.`,
      );
      expect(log).toHaveLength(ROUNDS * Object.keys(VICTIMS).length);
      expect(bought.acknowledged.size).toBeGreaterThan(100);
    },
    LIMIT_MS,
  );
});
