import { OrderState, OrdersStatus } from "@evenkeel/contracts";
import type { Reconciliation } from "../../src/lab/reconcile.ts";
import { waitUntil } from "../../src/lib/wait-until.ts";
import { exec, type LabContainer, labContainers } from "../../src/runtime/docker.ts";
import { canBeAsked, isWell } from "../../src/runtime/health.ts";
import { askReplica, sumMetric } from "../../src/runtime/replica-counters.ts";
import { at, buy, type LabAnswer, lab } from "./harness.ts";
import { acknowledgedFile, type Bought } from "./purchaser.ts";

/** A container of a service, running or not. */
export async function containersOf(service: string): Promise<[LabContainer, ...LabContainer[]]> {
  const [first, ...rest] = await labContainers({ service, all: true });
  if (!first) throw new Error(`There is no container of ${service}.`);
  return [first, ...rest];
}

/** Waits until every container of the lab is healthy again; for orders that means: member of the group. */
export async function allHealthy(deadlineMs = 120_000): Promise<void> {
  await waitUntil(
    "all containers to be healthy again",
    async () => (await labContainers({ all: true })).every(isWell),
    { deadlineMs },
  );
}

/** Instance of the orders app → partitions it reads now. */
export async function assignment(): Promise<Map<string, number[]>> {
  const running = (await containersOf("orders")).filter(({ state }) => state === "running");
  const said = await Promise.all(
    running.map(async (one) => OrdersStatus.parse(JSON.parse((await askReplica(one, "/status")).body))),
  );
  return new Map(said.map(({ instanceId, partitions }) => [instanceId, partitions]));
}

/** The replica that carries orders to Kafka. */
export async function relayHolder(): Promise<LabContainer> {
  return waitUntil(
    "one replica to be the relay",
    async () => {
      const running = (await containersOf("app")).filter(({ state }) => state === "running");
      const leads = await Promise.all(
        running.map(async (one) => sumMetric((await askReplica(one, "/metrics")).body, "relay_leader", {})),
      );
      return running[leads.indexOf(1)];
    },
    { deadlineMs: 60_000 },
  );
}

/** So many purchases of one unit at the same time. @returns their order ids. @throws when one was not sold. */
export async function buyAll(productId: string, count: number): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => buy(productId)));
  const unsold = answers.filter(({ status }) => status !== 201);
  if (unsold.length > 0)
    throw new Error(`${unsold.length} of ${count} purchases were not sold: ${JSON.stringify(unsold[0])}`);
  return answers.map(({ body }) => String(body.orderId));
}

export async function orderState(orderId: string): Promise<OrderState> {
  return OrderState.parse(await (await fetch(at(`/orders/${orderId}`))).json());
}

/** Runs `lab reconcile`, with what clients were told when that is given. */
export async function reconcile(
  bought?: Bought,
  timeoutSeconds = 60,
): Promise<LabAnswer & { said: Reconciliation }> {
  await using told = await acknowledgedFile(bought ?? { acknowledged: new Map() });
  const answer = await lab("reconcile", [
    ...["--timeout", String(timeoutSeconds)],
    ...(bought ? ["--acknowledged", told.file] : []),
  ]);
  return { ...answer, said: answer.json<Reconciliation>() };
}

/** What was told is what is stored, published and booked: nothing lost, nothing twice. */
export async function expectWhole(bought: Bought, timeoutSeconds = 60): Promise<Reconciliation> {
  const { said, exitCode, stderr } = await reconcile(bought, timeoutSeconds);
  const count = bought.acknowledged.size;
  const counts = { acknowledged: count, database: count, kafka: count, booked: count };
  const seen = {
    exitCode,
    differences: said.differences ?? stderr,
    incomplete: said.incomplete,
    counts: {
      acknowledged: said.counts?.acknowledged,
      database: said.counts?.database,
      kafka: said.counts?.kafka,
      booked: said.counts?.booked,
    },
  };
  const expected = { exitCode: 0, differences: [], incomplete: null, counts };
  if (JSON.stringify(seen) !== JSON.stringify(expected))
    throw new Error(`The reconciliation is not clean: ${JSON.stringify(seen, null, 2).slice(0, 4000)}`);
  return said;
}

/**
 * Runs JavaScript in a container of an app, where its dependencies are at hand, and gives what it prints as JSON.
 * @param values What the script finds in `values`.
 */
export async function inApp<T>(service: "app" | "orders", script: string, values: object): Promise<T> {
  const container = (await containersOf(service)).find(canBeAsked);
  if (!container) throw new Error(`No container of ${service} is well.`);
  const workdir = `/app/apps/${service === "app" ? "shop" : "orders"}`;
  const whole = `const values = ${JSON.stringify(values)}; const print = (value) => console.log(JSON.stringify(value)); ${script}`;
  const done = await exec(container.id, ["node", "-e", whole], { timeoutMs: 30_000, workdir });
  if (done.exitCode !== 0) throw new Error(`The script in ${container.name} failed: ${done.stderr}`);
  return JSON.parse(done.stdout) as T;
}

/** Deletes the rows with this order id; the rows are given back, so that they can be restored. */
export function deleteRow(service: "app" | "orders", table: string, orderId: string) {
  return inApp<Record<string, unknown>[]>(
    service,
    `const db = new (require("node:sqlite").DatabaseSync)(process.env.DATABASE_FILE, { timeout: 5000 });
     print(db.prepare("DELETE FROM " + values.table + " WHERE order_id = ? RETURNING *").all(values.orderId));`,
    { table, orderId },
  );
}

export function insertRow(service: "app" | "orders", table: string, row: Record<string, unknown>) {
  return inApp<number>(
    service,
    `const db = new (require("node:sqlite").DatabaseSync)(process.env.DATABASE_FILE, { timeout: 5000 });
     const names = Object.keys(values.row);
     const marks = names.map(() => "?").join(", ");
     print(db.prepare("INSERT INTO " + values.table + " (" + names.join(", ") + ") VALUES (" + marks + ")")
       .run(...Object.values(values.row)).changes);`,
    { table, row },
  );
}

/** Puts a message into a topic as anybody could who reaches Kafka. */
export function produce(topic: string, message: { key: string; value: string }) {
  return inApp<{ partition: number; baseOffset: string }[]>(
    "orders",
    `const { Kafka, Partitioners, logLevel } = require("kafkajs");
     const kafka = new Kafka({ brokers: process.env.KAFKA_BROKERS.split(","), logLevel: logLevel.NOTHING });
     const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
     (async () => {
       await producer.connect();
       print(await producer.send({ topic: values.topic, messages: [values.message] }));
       await producer.disconnect();
     })();`,
    { topic, message },
  );
}
