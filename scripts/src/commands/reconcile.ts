import { type Reconciliation, reconcile } from "../lab/reconcile.ts";
import { readAcknowledged } from "../lab/reconcile-acknowledged.ts";
import type { Difference } from "../lab/reconcile-verdict.ts";
import { wholeNumber } from "../lib/numbers.ts";
import { colour, result } from "../lib/output.ts";
import { steps } from "../lib/progress.ts";
import { defineVerb } from "../lib/verb.ts";

/** Ids shown of each kind of difference; `--json` has all. */
const SHOWN = 20;

export default defineVerb({
  meta: {
    name: "reconcile",
    description:
      "Compare stock, orders, Kafka and books, down to the single order (exit code 0 they agree, 1 they differ, 2 not compared)",
    example: ["npm run lab:reconcile", "npm run lab:reconcile -- --timeout 120 --json"],
  },
  args: {
    timeout: {
      type: "string",
      default: "60",
      description:
        "Seconds for each: the outbox to drain, the orders app to be healthy, its books to follow; 1 to 3600",
    },
    acknowledged: {
      type: "string",
      description:
        "File with the order ids that clients were told: evidence of a load test, or a list; several: again, or with commas",
    },
  },
  async run({ args, signal }) {
    const timeoutMs = 1000 * wholeNumber("--timeout", args.timeout, 1, 3600);
    const files = (args.acknowledged ?? "").split(",").filter((file) => file !== "");
    const acknowledged = files.length > 0 ? await readAcknowledged(files) : null;
    let compared: Reconciliation | undefined;
    await steps([
      {
        title: "Shop, Kafka and books are read",
        run: async (step) => {
          compared = await reconcile({ timeoutMs, acknowledged, signal, step });
        },
      },
    ]);
    if (!compared) return 2;
    result(compared, render);
    if (!compared.pass) return 1;
    return compared.complete ? 0 : 2;
  },
});

function render({ findings, differences, notes, counts, pass, incomplete }: Reconciliation): string {
  const figures = [
    ...(counts.acknowledged === null ? [] : [`${n(counts.acknowledged)} acknowledged`]),
    `${n(counts.database)} in the database`,
    ...(counts.kafka === undefined ? [] : [`${n(counts.kafka)} in Kafka`]),
    ...(counts.booked === undefined ? [] : [`${n(counts.booked)} booked`]),
  ].join(", ");
  return [
    `Orders: ${figures}.`,
    ...findings.flatMap(({ name, ok, text }) => [
      `${ok ? colour.green("✔") : colour.red("✖")} ${text}`,
      ...byId(differences.filter(({ kind }) => kind === name)),
    ]),
    ...notes.map((text) => `  ${text}`),
    ...(incomplete ? [colour.yellow(`Kafka and books were not compared. ${incomplete}`)] : []),
    closing(pass, incomplete !== null),
  ].join("\n");
}

function byId(differences: Difference[]): string[] {
  const rest = differences.length - SHOWN;
  return [
    ...differences.slice(0, SHOWN).map(({ id, text }) => `    ${id}  ${text}`),
    ...(rest > 0 ? [`    … and ${n(rest)} more; --json lists all`] : []),
  ];
}

function closing(pass: boolean, incomplete: boolean): string {
  if (!pass) return colour.red("✖ They differ.");
  return incomplete
    ? colour.yellow("The shop agrees with itself; more cannot be said now.")
    : colour.green("✔ Shop, Kafka and books agree.");
}

const n = (value: number) => value.toLocaleString("en-US");
