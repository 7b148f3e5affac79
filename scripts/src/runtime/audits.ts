import {
  BooksAuditLine,
  type DEAD_TOPIC,
  type ORDERS_TOPIC,
  ShopAuditLine,
  TopicLine,
} from "@evenkeel/contracts";
import type { z } from "zod";
import { LabError } from "../lib/errors.ts";
import { exec, type LabContainer, labContainers } from "./docker.ts";
import { canBeAsked, isHealthy } from "./health.ts";

/** 100,000 orders take seconds on a quiet machine, and more than a minute on one with twenty times too much to do. */
const TIMEOUT_MS = 300_000;
const SHOP = "/app/apps/shop";
const ORDERS = "/app/apps/orders";

/** One consistent snapshot of the shop's database: where the outbox stands, products, orders. */
export async function auditShop(): Promise<ShopAuditLine[]> {
  return lines(await somebody("app"), SHOP, ["node", "src/audit.ts"], ShopAuditLine);
}

/** Where the outbox stands, without the orders: the first such line ends the audit. */
export async function auditOutbox(): Promise<Extract<ShopAuditLine, { kind: "outbox" }>> {
  const command = ["bash", "-c", `node src/audit.ts | grep -m 1 '"kind":"outbox"'`];
  const [line] = await lines(await somebody("app"), SHOP, command, ShopAuditLine);
  if (line?.kind !== "outbox")
    throw new LabError("The shop's audit says nothing about its outbox.", { code: "audit.unreadable" });
  return line;
}

/** What the orders app has booked. */
export async function auditBooks(): Promise<BooksAuditLine[]> {
  return lines(await somebody("orders"), ORDERS, ["node", "src/audit.ts"], BooksAuditLine);
}

/** Every message that a topic holds, read back by a consumer up to the end the topic had when it began. */
export async function readTopic(
  topic: typeof ORDERS_TOPIC.name | typeof DEAD_TOPIC.name,
): Promise<TopicLine[]> {
  return lines(await somebody("orders"), ORDERS, ["node", "src/read-topic.ts", topic], TopicLine);
}

async function somebody(service: "app" | "orders"): Promise<LabContainer> {
  const all = await labContainers({ service });
  const found = all.find(isHealthy) ?? all.find(canBeAsked);
  if (found) return found;
  const what = service === "app" ? "replica" : "instance of the orders app";
  throw new LabError(`No ${what} is healthy, so nobody can be asked.`, {
    code: "lab.down",
    hint: "npm run lab:status says what runs; npm run lab:up starts it.",
  });
}

async function lines<T>(
  container: LabContainer,
  workdir: string,
  command: string[],
  schema: z.ZodType<T>,
): Promise<T[]> {
  const done = await exec(container.id, command, { timeoutMs: TIMEOUT_MS, workdir });
  if (done.exitCode !== 0)
    throw new LabError(
      `"${command.join(" ")}" in ${container.name} ended with ${done.exitCode}: ${done.stderr.trim() || "it said nothing."}`,
      { code: "audit.failed" },
    );
  return parseLines(done.stdout, schema, container.name);
}

/**
 * One JSON document per line.
 * @param from Who said it, for the error.
 * @throws LabError `audit.unreadable` with the first line that is not what was agreed.
 */
export function parseLines<T>(text: string, schema: z.ZodType<T>, from: string): T[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      try {
        return schema.parse(JSON.parse(line));
      } catch (cause) {
        throw new LabError(`${from} gave a line that is no part of an audit: ${line.slice(0, 200)}`, {
          code: "audit.unreadable",
          hint: "The image may be older than this checkout; npm run lab:up builds it anew.",
          cause,
        });
      }
    });
}
