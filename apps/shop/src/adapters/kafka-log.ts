import { connect, type Socket } from "node:net";
import { ORDERS_TOPIC } from "@evenkeel/contracts";
import { ensureTopics, kafkaClient } from "@evenkeel/kit/kafka-client";
import { type Admin, Partitioners, type Producer } from "kafkajs";
import type { LogMessage, OrderLog } from "../domain/ports.ts";
import { nameLookup } from "./name-lookup.ts";

const CONNECT_MS = 1000;
/** For one answer. Longer than a busy broker's worst pause, for what timed out is sent again. */
const REQUEST_MS = 5000;

export interface KafkaLogOptions {
  /** `host:port` of each. */
  readonly brokers: readonly string[];
  /** Name of this client in Kafka's own log and metrics. */
  readonly clientId: string;
}

/** One connection, from its first look-up to its end. */
interface Session {
  readonly admin: Admin;
  readonly producer: Producer;
  ready: boolean;
  cut(): void;
}

/**
 * The topic `orders` over kafkajs. Its own retries are off: the relay tries again, with a new connection, because
 * a producer can stay dead after an error (tulios/kafkajs#598). Not idempotent on purpose (#1005): what is sent
 * twice is told apart by its order id. Topics that are missing are created with each connection and check, also
 * when Kafka came back with an empty volume.
 */
export class KafkaLog implements OrderLog {
  readonly #options: KafkaLogOptions;
  #session: Session | undefined;

  constructor(options: KafkaLogOptions) {
    this.#options = options;
  }

  get open(): boolean {
    return this.#session?.ready ?? false;
  }

  async check(): Promise<void> {
    this.#session ??= openSession(this.#options);
    const session = this.#session;
    if (!session.ready) await session.admin.connect();
    // Kafka answers also where both are there, so this is a probe as well.
    await ensureTopics(session.admin);
    if (!session.ready) await session.producer.connect();
    session.ready = true;
  }

  async send(messages: readonly LogMessage[]): Promise<void> {
    if (!this.#session?.ready) throw new Error("There is no connection to Kafka.");
    const results = await this.#session.producer.send({
      topic: ORDERS_TOPIC.name,
      acks: -1,
      timeout: REQUEST_MS,
      messages: [...messages],
    });
    const refused = results.find(({ errorCode }) => errorCode !== 0);
    if (refused !== undefined || results.length === 0) {
      throw new Error(`Kafka did not take the orders (error code ${refused?.errorCode ?? "missing"}).`);
    }
  }

  drop(): void {
    this.#session?.cut();
    this.#session = undefined;
  }
}

function openSession({ brokers, clientId }: KafkaLogOptions): Session {
  const names = nameLookup();
  const sockets = new Set<Socket>();
  let isCut = false;
  const kafka = kafkaClient(brokers, clientId, {
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    retry: { retries: 0 },
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connect({ host, port, lookup: names.lookup, keepAlive: true, noDelay: true }, onConnect);
      sockets.add(socket.on("close", () => sockets.delete(socket)));
      // kafkajs may reconnect by itself, and must not once the relay gave this connection up.
      if (isCut) socket.destroy(givenUp());
      return socket;
    },
  });
  return {
    admin: kafka.admin(),
    producer: kafka.producer({
      idempotent: false,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
    }),
    ready: false,
    cut: () => {
      isCut = true;
      names.cancel();
      // With an error, or kafkajs would go on waiting for the answers that were due.
      for (const socket of sockets) socket.destroy(givenUp());
    },
  };
}

const givenUp = () => new Error("The relay gave this connection up.");
