import { DEAD_TOPIC, ORDERS_TOPIC } from "@evenkeel/contracts";
import { LabError } from "../lib/errors.ts";
import type { Step } from "../lib/progress.ts";
import { waitUntil } from "../lib/wait-until.ts";
import { auditBooks, auditOutbox, auditShop, readTopic } from "../runtime/audits.ts";
import { labContainers } from "../runtime/docker.ts";
import { isHealthy } from "../runtime/health.ts";
import { stillToCome } from "./reconcile-pending.ts";
import type { OrderFlow, ShopSnapshot } from "./reconcile-samples.ts";
import { readOrders } from "./reconcile-topic.ts";
import { judgeReconciliation, type ReconcileVerdict } from "./reconcile-verdict.ts";

/** An audit costs the container it runs in a fresh Node, so it is not asked more often. */
const INTERVAL_MS = 1000;
/** How often all begins anew because the lab was reset meanwhile. */
const ATTEMPTS = 5;

export interface ReconcileOptions {
  /** For each thing that is waited for: the outbox to drain, the orders app to be healthy, the books to follow. */
  timeoutMs: number;
  /** Order ids that clients were told; null when none were given. */
  acknowledged: string[] | null;
  signal: AbortSignal;
  step: Pick<Step, "progress">;
}

export interface Reconciliation extends ReconcileVerdict {
  /** Why only the shop's half was judged, one sentence or two; null when all was. */
  incomplete: string | null;
}

/**
 * Compares shop, Kafka and books. Traffic may go on meanwhile and cannot make it red, because of the order of
 * the readings:
 *
 * 1. The shop, one consistent snapshot; its newest event is the bound of everything that follows.
 * 2. Wait until the relay has drained through that event. Ids rise in the order of commits and are relayed in
 *    that order, so from then on Kafka holds every order and every reset of the snapshot.
 * 3. Kafka, up to its end of now: all of the above, and newer messages that are told apart by their event id.
 * 4. The books, again and again until nothing of 3 may still come. They cannot lack what 3 holds for any other
 *    reason, and bookings beyond the bound are left out as in 3.
 *
 * Only a reset after 1 takes away what 1 has seen; so when something differs, the shop is asked once more, and
 * if its orders are gone, all begins anew.
 * @throws LabError exit code 2 when a part that runs could not be read.
 */
export async function reconcile(options: ReconcileOptions): Promise<Reconciliation> {
  for (let attempt = 1; ; attempt++) {
    const shop = await snapshot();
    const flow = await flowOf(shop, options);
    const samples = { readAt: Date.now(), shop, acknowledged: options.acknowledged };
    const verdict =
      typeof flow === "string"
        ? { ...judgeReconciliation({ ...samples, flow: null }), incomplete: flow }
        : { ...judgeReconciliation({ ...samples, flow }), incomplete: null };
    if (verdict.pass || !(await wasReset(shop))) return verdict;
    if (attempt === ATTEMPTS)
      throw new LabError("The lab is reset again and again while it is compared.", {
        code: "reconcile.reset",
        hint: "Let it rest, then try again.",
      });
  }
}

async function snapshot(): Promise<ShopSnapshot> {
  const shop: ShopSnapshot = { newest: 0, drainedThrough: 0, products: [], orders: [] };
  for (const line of await auditShop())
    if (line.kind === "outbox")
      Object.assign(shop, { newest: line.newest, drainedThrough: line.drainedThrough });
    else if (line.kind === "product") shop.products.push(line);
    else shop.orders.push(line);
  return shop;
}

async function wasReset({ orders }: ShopSnapshot): Promise<boolean> {
  if (orders.length === 0) return false;
  const now = new Set((await snapshot()).orders.map(({ orderId }) => orderId));
  return orders.some(({ orderId }) => !now.has(orderId));
}

/** What Kafka and the books hold, or why that cannot be said. */
async function flowOf(shop: ShopSnapshot, options: ReconcileOptions): Promise<OrderFlow | string> {
  const absent = await whatIsAbsent();
  if (absent) return `${absent} ${eventsWait(shop.newest - shop.drainedThrough)}`;
  const waits = await drain(shop, options);
  if (waits > 0)
    return `${eventsWait(waits)} That was not less after ${options.timeoutMs / 1000} s; npm run lab:status says how Kafka is.`;
  if (!(await ordersAnswer(options)))
    return `No instance of the orders app became healthy within ${options.timeoutMs / 1000} s.`;
  return read(shop, options);
}

/** Waits until Kafka has the snapshot's newest event. @returns how many events it still lacks. */
async function drain(shop: ShopSnapshot, options: ReconcileOptions): Promise<number> {
  let waits = shop.newest - shop.drainedThrough;
  const look = async () => {
    waits = shop.newest - (await auditOutbox()).drainedThrough;
    options.step.progress(`${Math.max(0, waits)} events wait in the outbox`);
    return waits <= 0;
  };
  if (waits > 0) await inTime("the outbox to drain", look, options);
  return waits;
}

const ordersAnswer = (options: ReconcileOptions) =>
  inTime(
    "a healthy instance of the orders app",
    async () => (await labContainers({ service: "orders" })).some(isHealthy),
    options,
  );

/** Kafka once; the books until nothing may still come, or the deadline, after which the verdict names it. */
async function read(shop: ShopSnapshot, options: ReconcileOptions): Promise<OrderFlow> {
  const topic = await readTopic(ORDERS_TOPIC.name);
  const said = readOrders(topic, shop.newest);
  const rest = async () => ({ books: await auditBooks(), dead: await readTopic(DEAD_TOPIC.name) });
  let now = await rest();
  const allCame = () => stillToCome(said, now).length === 0;
  const look = async () => {
    now = await rest();
    options.step.progress(`${stillToCome(said, now).length} orders are not booked yet`);
    return allCame();
  };
  if (!allCame()) await inTime("the orders app to book what Kafka holds", look, options);
  return { topic, ...now };
}

/**
 * False when it did not happen in time; that is an answer here, not an error. Each wait has its time for itself: what
 * a long one before it took must not look like orders that nobody books.
 */
async function inTime(
  what: string,
  probe: () => Promise<boolean>,
  { timeoutMs: deadlineMs, signal }: ReconcileOptions,
): Promise<boolean> {
  try {
    return await waitUntil(what, probe, { deadlineMs, intervalMs: INTERVAL_MS, signal });
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== "wait.deadline") throw error;
    // What could not be asked to the end says nothing about what was awaited.
    if (error.cause !== undefined) throw error.cause;
    return false;
  }
}

/** What does not run at all; what runs and is not ready yet is worth waiting for. */
async function whatIsAbsent(): Promise<string | null> {
  const [kafka, orders] = await Promise.all(
    ["kafka", "orders"].map((service) => labContainers({ service, all: true })),
  );
  if (!kafka?.length)
    return 'Kafka is no part of this lab now: the Compose profile "kafka" is off, or Kafka cannot be had here.';
  if (!kafka.some(({ state }) => state === "running")) return `Kafka does not run (${kafka[0]?.status}).`;
  if (!orders?.some(({ state }) => state === "running")) return "No instance of the orders app runs.";
  return null;
}

const eventsWait = (count: number) =>
  count === 0
    ? "No event waits in the outbox."
    : `${count.toLocaleString("en-US")} ${count === 1 ? "event waits" : "events wait"} in the outbox.`;
