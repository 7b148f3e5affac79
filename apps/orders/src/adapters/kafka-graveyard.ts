import { setTimeout as wait } from "node:timers/promises";
import { DEAD_TOPIC, deadHeaders } from "@evenkeel/contracts";
import { prepareTopics } from "@evenkeel/kit/kafka-client";
import { type Kafka, type Message, Partitioners, type Producer } from "kafkajs";
import type { DeadLetter, Graveyard } from "../domain/ports.ts";

/** Kafka refuses one send of more than 1 MB; the headers come on top of what is counted here. */
const CHUNK_BYTES = 256 * 1024;
/** Rough size of the headers and Kafka's own fields of one message. */
const OVERHEAD_BYTES = 512;
const TIMEOUT_MS = 10_000;
/** Kafka may hang; whoever closes has to go. */
const CLOSE_MS = 1000;

/** Dead letters in the topic `orders.dead`. One awaited send in flight, acknowledged by all copies. */
export class KafkaGraveyard implements Graveyard {
  readonly #kafka: Pick<Kafka, "admin" | "producer">;
  #producer: Producer | undefined;

  constructor(kafka: Pick<Kafka, "admin" | "producer">) {
    this.#kafka = kafka;
  }

  async bury(letters: readonly DeadLetter[]): Promise<void> {
    try {
      for (const chunk of chunks(letters.map(toMessage))) await this.#send(chunk);
    } catch (error) {
      // A producer can be dead for ever after an error (tulios/kafkajs#598); the next attempt makes a new one.
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (producer === undefined) return;
    await Promise.race([producer.disconnect().catch(() => {}), wait(CLOSE_MS, undefined, { ref: false })]);
  }

  async #send(messages: Message[]): Promise<void> {
    try {
      await this.#sendNow(messages);
    } catch (error) {
      const [only, second] = messages;
      if (only === undefined || second !== undefined || !isTooLarge(error)) throw error;
      // Even alone it does not fit. Its origin and reason are kept: blocking the partition would lose more.
      await this.#sendNow([{ ...only, value: null }]);
    }
  }

  async #sendNow(messages: Message[]): Promise<void> {
    if (this.#producer === undefined) {
      // The topic may have been what the last producer lacked.
      await prepareTopics(this.#kafka);
      const producer = this.#kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
      this.#producer = producer;
      await producer.connect();
    }
    await this.#producer.send({ topic: DEAD_TOPIC.name, messages, acks: -1, timeout: TIMEOUT_MS });
  }
}

function toMessage({ raw: { key, value, origin }, reason }: DeadLetter): Message {
  const headers = {
    [deadHeaders.reason]: reason,
    [deadHeaders.topic]: origin.topic,
    [deadHeaders.partition]: String(origin.partition),
    [deadHeaders.offset]: origin.offset,
  };
  return { key, value, headers };
}

/** In order; each small enough for one send, or a single message that is large by itself. */
function* chunks(messages: readonly Message[]): Generator<Message[]> {
  let chunk: Message[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = (message.value?.length ?? 0) + (message.key?.length ?? 0) + OVERHEAD_BYTES;
    if (chunk.length > 0 && bytes + size > CHUNK_BYTES) {
      yield chunk;
      [chunk, bytes] = [[], 0];
    }
    chunk.push(message);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error &&
  ((error as { type?: unknown }).type === "MESSAGE_TOO_LARGE" || isTooLarge(error.cause));
