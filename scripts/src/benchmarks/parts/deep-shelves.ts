import { headers } from "@evenkeel/contracts";
import { LabError } from "../../lib/errors.ts";
import { exec, labContainers } from "../../runtime/docker.ts";
import { isHealthy } from "../../runtime/health.ts";
import type { MixEntry } from "../../runtime/load/options.ts";

const MORE = 10_000_000;
const WORKDIR = "/app/apps/shop";

/** One purchase of one unit, of each of several products in turn. */
export const PURCHASES: MixEntry[] = ["storm-lantern", "hemp-rope", "sea-chart", "spyglass"].map(
  (productId) => ({
    kind: "POST /purchase",
    weight: 1,
    method: "POST",
    path: "/purchase",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ productId, quantity: 1 }),
    uniqueHeader: headers.idempotencyKey,
  }),
);

/**
 * Fills the shelves with ten million more of everything, so that a benchmark can sell for minutes; disposing takes
 * them away and resets the shop. Done from outside, in the database: the shop has no way to do it.
 */
export async function deepShelves(): Promise<AsyncDisposable> {
  // The remainder takes away what a run that was killed has left.
  await stock(`initial_stock = initial_stock % ${MORE} + ${MORE}, stock = stock % ${MORE} + ${MORE}`);
  return {
    [Symbol.asyncDispose]: async () => {
      // The reset puts initial stock back on the shelves and forgets the orders.
      await stock(`initial_stock = initial_stock % ${MORE}`);
      await inReplica(["node", "src/reset.ts"]);
    },
  };
}

const stock = (change: string) =>
  inReplica(["node", "-e", script(`db.exec("UPDATE products SET ${change}")`)]);

const script = (statement: string) =>
  `const { DatabaseSync } = require("node:sqlite");
   const db = new DatabaseSync(process.env.DATABASE_FILE, { timeout: 10_000 });
   ${statement}`;

/** Runs a command beside the shop, in a healthy replica's container. @returns what it printed. */
export async function inReplica(command: string[], timeoutMs = 60_000): Promise<string> {
  const replica = (await labContainers({ service: "app" })).find(isHealthy);
  if (!replica)
    throw new LabError("No healthy replica runs, so nothing can be measured.", {
      code: "lab.down",
      hint: "Start the lab with: npm run lab:up",
    });
  const done = await exec(replica.id, command, { timeoutMs, workdir: WORKDIR });
  if (done.exitCode === 0) return done.stdout;
  throw new LabError(`A command in ${replica.name} failed: ${done.stderr.trim() || done.stdout.trim()}`, {
    code: "exec.failed",
  });
}
