import { expect, test } from "vitest";
import { KafkaGraveyard } from "../../src/adapters/kafka-graveyard.ts";
import type { DeadLetter } from "../../src/domain/ports.ts";
import { raw } from "../support/messages.ts";

interface Sent {
  topic: string;
  acks: number;
  messages: { key: Buffer | null; value: Buffer | null; headers: Record<string, string> }[];
}

/** A Kafka that takes what is sent, unless `refuse` throws. */
function setUp(refuse: (sent: Sent, attempt: number) => void = () => {}, disconnect = async () => {}) {
  const sent: Sent[] = [];
  const steps: string[] = [];
  let [producers, attempts, inFlight, most] = [0, 0, 0, 0];
  const admin = () =>
    ({
      connect: async () => {},
      createTopics: async ({ topics }: { topics: { topic: string }[] }) => {
        steps.push(...topics.map(({ topic }) => `topic ${topic}`));
      },
      disconnect: async () => {},
    }) as never;
  const producer = () => {
    producers++;
    steps.push("producer");
    return {
      connect: async () => {},
      disconnect,
      send: async (record: Sent) => {
        most = Math.max(most, ++inFlight);
        await new Promise(setImmediate);
        inFlight--;
        refuse(record, ++attempts);
        sent.push(record);
      },
    } as never;
  };
  const graveyard = new KafkaGraveyard({ admin, producer });
  return { graveyard, sent, steps, producers: () => producers, most: () => most };
}

const letter = (content: string | Buffer | null, offset = 0): DeadLetter => ({
  raw: raw(content, offset),
  cause: "not-json",
  reason: "The value is not JSON.",
});
const tooLarge = () => Object.assign(new Error("too large"), { type: "MESSAGE_TOO_LARGE" });

test("a dead letter has the key and the value of the message, its origin and the reason", async () => {
  const { graveyard, sent } = setUp();
  await graveyard.bury([letter("oops", 7), letter(null, 8)]);
  const headers = { reason: "The value is not JSON.", "from-topic": "orders", "from-partition": "3" };
  expect(sent).toMatchObject([
    {
      topic: "orders.dead",
      acks: -1,
      messages: [
        { key: Buffer.from("rope"), value: Buffer.from("oops"), headers: { ...headers, "from-offset": "7" } },
        { value: null, headers: { ...headers, "from-offset": "8" } },
      ],
    },
  ]);
});

test("many are sent in pieces that Kafka takes, in order, one in flight", async () => {
  const { graveyard, sent, most } = setUp();
  const letters = Array.from({ length: 3000 }, (_, offset) => letter("x", offset));
  await graveyard.bury(letters);
  expect(sent.length).toBeGreaterThan(4);
  expect(sent.flatMap(({ messages }) => messages.map(({ headers }) => headers["from-offset"]))).toEqual(
    letters.map(({ raw: { origin } }) => origin.offset),
  );
  expect(most()).toBe(1);
});

test("a value that fits into no message is left out, its neighbours are not", async () => {
  const { graveyard, sent } = setUp(({ messages }) => {
    if (messages.some(({ value }) => (value?.length ?? 0) > 500_000)) throw tooLarge();
  });
  await graveyard.bury([letter("a", 0), letter(Buffer.alloc(900_000), 1), letter("b", 2)]);
  const values = sent.flatMap(({ messages }) => messages.map(({ value }) => value?.toString() ?? null));
  expect(values).toEqual(["a", null, "b"]);
});

test("a refusal is passed on, and the next attempt takes a new producer", async () => {
  const { graveyard, sent, producers } = setUp((_, attempt) => {
    if (attempt === 1) throw new Error("out of order");
  });
  await expect(graveyard.bury([letter("a")])).rejects.toThrow("out of order");
  expect(sent).toEqual([]);
  await graveyard.bury([letter("a")]);
  expect(sent).toHaveLength(1);
  expect(producers()).toBe(2);
});

test("the topics are made before each new producer, for a topic that is gone breaks the old one", async () => {
  const { graveyard, steps } = setUp((_, attempt) => {
    if (attempt === 2) throw new Error("This server does not host this topic-partition");
  });
  await graveyard.bury([letter("a")]);
  await expect(graveyard.bury([letter("b")])).rejects.toThrow("topic-partition");
  await graveyard.bury([letter("b")]);
  const begun = ["topic orders", "topic orders.dead", "producer"];
  expect(steps).toEqual([...begun, ...begun]);
});

test("closing waits a second at most for a Kafka that hangs", async () => {
  const { graveyard } = setUp(undefined, () => new Promise(() => {}));
  await graveyard.bury([letter("a")]);
  const start = performance.now();
  await graveyard.close();
  expect(performance.now() - start).toBeGreaterThan(900);
  expect(performance.now() - start).toBeLessThan(5000);
});
