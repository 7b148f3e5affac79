import { execa } from "execa";
import { paths } from "../../src/lib/paths.ts";
import { waitUntil } from "../../src/lib/wait-until.ts";
import { type ClosedLoopResult, closedLoop } from "../../src/runtime/closed-loop.ts";
import { labContainers } from "../../src/runtime/docker.ts";
import { baseUrl, settings } from "../../src/runtime/settings.ts";

export const door = baseUrl(settings());
export const at = (path: string) => new URL(path, door).href;

/** What the shop has 500 units of each after a reset: everything but the last lantern. */
export const GOODS = [
  "storm-lantern",
  "brass-sextant",
  "signal-flags",
  "ships-bell",
  "ballast-stone",
  "hemp-rope",
  "spare-sail",
  "iron-anchor",
  "sea-chart",
  "cork-vest",
  "spyglass",
];
/** A purchase without an answer in this time counts as unknown, so that no test waits for it for ever. */
const PURCHASE_MS = 30_000;

export interface LabAnswer {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** Standard output as JSON; throws when it is none. */
  json: <T = Record<string, unknown>>() => T;
}

/** Runs the command line as a user would, with `--json`. */
export async function lab(
  verb: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<LabAnswer> {
  const { exitCode, stdout, stderr } = await execa(
    "node",
    ["scripts/bootstrap.mjs", "lab", verb, ...args, "--json"],
    { cwd: paths.root, reject: false, env },
  );
  return { exitCode: exitCode ?? 1, stdout, stderr, json: <T>() => JSON.parse(stdout) as T };
}

/** Runs the command line and fails with its own words when it does not succeed. */
export async function labOk(
  verb: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<LabAnswer> {
  const answer = await lab(verb, args, env);
  if (answer.exitCode !== 0)
    throw new Error(
      `lab ${verb} ${args.join(" ")} ended with ${answer.exitCode}:\n${answer.stderr}\n${answer.stdout}`,
    );
  return answer;
}

/** A verb that runs until Ctrl-C. Leaving the block presses it, too, so that no failed test leaves it running. */
export function labUntilInterrupted(verb: string, args: string[] = []) {
  const running = execa("node", ["scripts/bootstrap.mjs", "lab", verb, ...args], {
    cwd: paths.root,
    reject: false,
  });
  const interrupt = async () => {
    running.kill("SIGINT");
    const { exitCode, stdout, stderr } = await running;
    return { exitCode, stdout, stderr };
  };
  return {
    stdout: running.stdout,
    interrupt,
    async [Symbol.asyncDispose]() {
      await interrupt();
    },
  };
}

/** `docker …` as a user would type it who ignores our command line. */
export async function docker(...args: string[]): Promise<string> {
  return (await execa("docker", args, { cwd: paths.root })).stdout;
}

/** Container of one replica by its number. */
export async function replica(ordinal: number) {
  const found = (await labContainers({ service: "app", all: true })).find((one) => one.ordinal === ordinal);
  if (!found) throw new Error(`There is no replica ${ordinal}.`);
  return found;
}

/** Instance numbers that answer through the door now. */
export async function answering(tries = 30): Promise<string[]> {
  const seen = new Set<string>();
  for (let i = 0; i < tries; i++) {
    const response = await fetch(at("/health"), { headers: { connection: "close" } });
    seen.add(response.headers.get("x-instance-id") ?? "none");
    await response.arrayBuffer();
  }
  return [...seen].sort();
}

export interface LoadSummary {
  sent: number;
  unanswered: number;
  failed: Record<string, number>;
  perReplica: Record<string, number>;
}

/**
 * Keeps sending GETs (closed loop, in batches) while the action runs, and at least `amount` of them.
 * @param action Called once the load has really begun.
 */
export async function loadWhile(
  amount: number,
  action: () => Promise<unknown>,
  path = "/products",
): Promise<LoadSummary> {
  const summary: LoadSummary = { sent: 0, unanswered: 0, failed: {}, perReplica: {} };
  let progress = 0;
  let settled = false;
  const begun = waitUntil("the first hundred answers under load", () => progress > 100, {
    deadlineMs: 20_000,
    intervalMs: 10,
  });
  const acting = begun.then(action).finally(() => {
    settled = true;
  });
  // Awaited below; without this a failure during the load would be called unhandled.
  acting.catch(() => undefined);
  try {
    while (!settled || summary.sent < amount) {
      const batch = await closedLoop({
        url: door.href,
        amount: 5000,
        connections: 40,
        runId: "e2e",
        plan: () => ({ path, key: "" }),
        onProgress: (answers) => {
          progress = Math.max(progress, answers);
        },
      });
      add(summary, batch);
    }
  } finally {
    // Also when the load failed: an action that goes on would disturb the next test.
    await Promise.allSettled([acting]);
  }
  await acting;
  return summary;
}

function add(summary: LoadSummary, batch: ClosedLoopResult): void {
  summary.sent += batch.sent;
  summary.unanswered += batch.unanswered;
  for (const [status, count] of batch.failed) summary.failed[status] = (summary.failed[status] ?? 0) + count;
  for (const [id, count] of batch.perReplica) summary.perReplica[id] = (summary.perReplica[id] ?? 0) + count;
}

/** `POST /purchase`, once. */
export async function buy(productId: string, quantity = 1, key?: string) {
  const response = await fetch(at("/purchase"), {
    method: "POST",
    headers: { "content-type": "application/json", ...(key ? { "idempotency-key": key } : {}) },
    body: JSON.stringify({ productId, quantity }),
    signal: AbortSignal.timeout(PURCHASE_MS),
  });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, body, instance: response.headers.get("x-instance-id") ?? "none" };
}
