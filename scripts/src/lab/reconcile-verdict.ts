import { ORDERS_TOPIC } from "@evenkeel/contracts";
import type { Finding } from "./distribution.ts";
import { compareFlow, type FlowCounts } from "./reconcile-flow.ts";
import { describeOrder, type ReconcileSamples, type ShopSnapshot } from "./reconcile-samples.ts";
import { readOrders, type TopicOrders } from "./reconcile-topic.ts";

/** What can be wrong with one id; the text says what was found for it. */
export interface Difference {
  kind: DifferenceKind;
  /** Order id; for `stock` the product, for `put aside` the place in the topic. */
  id: string;
  text: string;
}

/** Every kind with what is claimed when nothing of it was found. */
export const CLAIMS = {
  stock: "Every product: initial stock = stock + sold, and nothing was oversold.",
  acknowledged: "Every order that a client was told is in the shop's database.",
  "not in Kafka": "Every order in the database is in Kafka.",
  "not in the database": "Every order that counts in Kafka is in the database.",
  "not booked": "Every order is in the books.",
  "booked only": "The books hold nothing else.",
  "booked twice": "No order is in the books twice.",
  content: "Product, quantity and event are the same everywhere.",
  "one id, two orders": "No two orders share an id in Kafka.",
  "put aside": "Every message that nobody can read lies in orders.dead.",
} as const;
export type DifferenceKind = keyof typeof CLAIMS;

export interface ReconcileCounts extends Partial<FlowCounts> {
  products: number;
  acknowledged: number | null;
  database: number;
}

export interface ReconcileVerdict {
  /** Nothing that was compared differs. */
  pass: boolean;
  /** Both halves, shop and orders, were there to be compared. */
  complete: boolean;
  findings: Finding[];
  differences: Difference[];
  /** What is worth knowing and no difference, one sentence each. */
  notes: string[];
  counts: ReconcileCounts;
}

/** Only the shop's half can be judged without Kafka. */
const SHOP_ALONE: DifferenceKind[] = ["stock", "acknowledged"];

/** Pure: the same samples always give the same verdict. */
export function judgeReconciliation(samples: ReconcileSamples): ReconcileVerdict {
  const { shop, flow, acknowledged } = samples;
  const said = flow ? readOrders(flow.topic, shop.newest) : null;
  const told = judgeAcknowledged(acknowledged ?? [], shop, said);
  const compared = flow && said ? compareFlow(samples.readAt, shop, said, flow) : null;
  const differences = [...judgeStock(shop), ...told.differences, ...(compared?.differences ?? [])];
  const kinds = Object.keys(CLAIMS) as DifferenceKind[];
  return {
    pass: differences.length === 0,
    complete: flow !== null,
    findings: kinds
      .filter(
        (kind) => (flow !== null || SHOP_ALONE.includes(kind)) && (kind !== "acknowledged" || acknowledged),
      )
      .map((kind) => finding(kind, differences.filter((one) => one.kind === kind).length)),
    differences,
    notes: [...told.notes, ...(compared ? flowNotes(compared.counts) : [])],
    counts: {
      products: shop.products.length,
      acknowledged: acknowledged && new Set(acknowledged).size,
      database: shop.orders.length,
      ...compared?.counts,
    },
  };
}

const finding = (name: DifferenceKind, count: number): Finding => ({
  name,
  ok: count === 0,
  text: count === 0 ? CLAIMS[name] : `Not so for ${n(count)}: ${CLAIMS[name]}`,
});

function judgeStock({ products, orders }: ShopSnapshot): Difference[] {
  const sold = new Map<string, number>();
  for (const { productId, quantity } of orders) sold.set(productId, (sold.get(productId) ?? 0) + quantity);
  const known = new Set(products.map(({ id }) => id));
  return [
    ...products
      .filter(({ id, initialStock, stock }) => stock < 0 || stock + (sold.get(id) ?? 0) !== initialStock)
      .map(({ id, initialStock, stock }) => ({
        kind: "stock" as const,
        id,
        text: `initial stock ${initialStock}, but stock ${stock} + sold ${sold.get(id) ?? 0} = ${stock + (sold.get(id) ?? 0)}`,
      })),
    ...[...sold.keys()]
      .filter((id) => !known.has(id))
      .map((id) => ({
        kind: "stock" as const,
        id,
        text: `${sold.get(id)} sold of a product that is not there`,
      })),
  ];
}

function judgeAcknowledged(ids: string[], { orders }: ShopSnapshot, said: TopicOrders | null) {
  const database = new Set(orders.map(({ orderId }) => orderId));
  const missing = [...new Set(ids)].filter((id) => !database.has(id));
  const forgotten = missing.filter((id) => said?.forgotten.has(id));
  const differences = missing
    .filter((id) => !said?.forgotten.has(id))
    .map((id): Difference => {
      const kafka = said?.orders.get(id);
      const elsewhere = kafka ? `Kafka has it (${describeOrder(kafka)})` : "Kafka does not have it either";
      return {
        kind: "acknowledged",
        id,
        text: `a client was told, the database has no such order${said ? `; ${elsewhere}` : ""}`,
      };
    });
  const notes =
    forgotten.length > 0
      ? [`${n(forgotten.length)} acknowledged orders were forgotten by a reset since, as Kafka shows.`]
      : [];
  return { differences, notes };
}

function flowNotes({ copies, expired, newer, deadLetters }: FlowCounts): string[] {
  const days = ORDERS_TOPIC.retentionMs / 86_400_000;
  return [
    ...(copies > 0
      ? [`${n(copies)} messages in Kafka are copies of an order before them (delivery is at-least-once).`]
      : []),
    ...(deadLetters > 0 ? [`${n(deadLetters)} messages lie in orders.dead, each with its reason.`] : []),
    ...(expired > 0
      ? [
          `${n(expired)} orders are older than the ${days} days that Kafka keeps them: expired there, not missing.`,
        ]
      : []),
    ...(newer > 0 ? [`${n(newer)} messages came after the snapshot of the shop and were left out.`] : []),
  ];
}

const n = (value: number) => value.toLocaleString("en-US");
