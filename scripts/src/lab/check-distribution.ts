import { randomBytes } from "node:crypto";
import { LabError } from "../lib/errors.ts";
import { paths } from "../lib/paths.ts";
import { type ClosedLoopResult, closedLoop, type PlannedRequest } from "../runtime/closed-loop.ts";
import { type LabContainer, labContainers } from "../runtime/docker.ts";
import { doorOf } from "../runtime/door.ts";
import { type AccessLogLine, answeringAddress, readAccessLog } from "../runtime/nginx-log.ts";
import { requestCounts } from "../runtime/replica-counters.ts";
import type { Settings } from "../runtime/settings.ts";
import { activeStrategy } from "../runtime/strategy.ts";
import { unknownStrategy } from "../runtime/strategy-files.ts";
import { type DistributionSamples, type DistributionVerdict, judgeDistribution } from "./distribution.ts";
import { loadStrategies, type Strategy } from "./strategies.ts";

const ROUTE = "/products";
/** Through the door, but not in nginx's log. The containers' own probes ask /status, from inside. */
const UNLOGGED = "/health";
/** Requests of others take turns, too. Up to this share of ours their effect is allowed for; beyond it nobody can
 * say whose turn it was. */
const FOREIGN_LIMIT = 0.01;
/** Distinct paths asked for when the path decides: enough that one path does not weigh. */
const PATHS = 1000;

export interface CheckOptions {
  requests: number;
  connections: number;
  /** Strategy whose promise is checked; the active one when not given. */
  announced?: string;
  onProgress?: (answers: number) => void;
}

export interface CheckResult {
  strategy: Strategy;
  samples: DistributionSamples;
  verdict: DistributionVerdict;
  load: ClosedLoopResult;
  runId: string;
}

/**
 * Sends requests through the door and compares who answered with what the strategy promises, on three sides:
 * the client's answers, nginx's log, the replicas' own counters.
 * @throws LabError with exit code 2 when it could not measure.
 */
export async function checkDistribution(settings: Settings, options: CheckOptions): Promise<CheckResult> {
  const pool = await labContainers({ service: "app", all: true });
  const nginx = (await labContainers({ service: "nginx" })).find(({ state }) => state === "running");
  if (!nginx || pool.length === 0) throw notRunning();
  const active = await activeStrategy();
  const strategy = await pickStrategy(options.announced ?? active);
  const runId = `check-${randomBytes(4).toString("hex")}`;

  const since = Date.now() / 1000;
  const before = await counters(pool);
  const load = await closedLoop({
    url: doorOf(nginx, settings).href,
    amount: options.requests,
    connections: options.connections,
    runId,
    plan: planFor(strategy),
    cookies: strategy.expect.model === "pinned" && strategy.expect.by === "cookie",
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
  });
  const isOfRun = (line: AccessLogLine) => line.request_id.startsWith(`${runId}-`);
  const log = await readAccessLog(nginx, since, isOfRun, load.sent - load.unanswered);
  const after = await counters(pool);

  const logged = log.filter((line) => !isOfRun(line) && line.upstream !== "").length;
  const foreign = logged + total(growth(before.unlogged, after.unlogged));
  refuseForeign(foreign, load.sent);

  const samples: DistributionSamples = {
    announced: strategy.id,
    active: [...load.strategies.keys()].join(", ") || active,
    expect: strategy.expect,
    pool: pool.map((replica) => String(replica.ordinal)),
    sent: load.sent,
    client: load.perReplica,
    unanswered: load.unanswered,
    failed: [...load.failed.values()].reduce((a, b) => a + b, 0),
    keys: load.perKey,
    proxy: countByReplica(
      log.filter((line) => isOfRun(line) && line.status >= 200 && line.status < 300),
      pool,
    ),
    foreign,
    replica: growth(before.measured, after.measured),
  };
  return { strategy, samples, verdict: judgeDistribution(samples), load, runId };
}

/** @throws LabError `check.foreign` when so many others sent requests that nobody can say whose turn it was. */
export function refuseForeign(foreign: number, sent: number): void {
  if (foreign <= FOREIGN_LIMIT * sent) return;
  throw new LabError(
    `Others sent ${foreign} requests while ${sent} were measured, so the shares say nothing.`,
    { code: "check.foreign", hint: "Close the shop's pages, stop other traffic, and try again." },
  );
}

async function pickStrategy(id: string): Promise<Strategy> {
  const strategies = await loadStrategies(paths.nginxStrategies);
  const strategy = strategies.get(id);
  if (!strategy) throw unknownStrategy(id, [...strategies.keys()]);
  return strategy;
}

function planFor({ expect }: Strategy): (n: number, client: number) => PlannedRequest {
  if (expect.model !== "pinned" || expect.by === "address")
    return () => ({ path: ROUTE, key: "this machine" });
  if (expect.by === "cookie") return (_, client) => ({ path: ROUTE, key: `client ${client}` });
  return (n, client) => {
    const path = `${ROUTE}?page=${(n + client * 37) % PATHS}`;
    return { path, key: path };
  };
}

interface Counters {
  measured: Map<string, number>;
  unlogged: Map<string, number>;
}

/** Own counters of the replicas that run, by instance number. */
async function counters(pool: LabContainer[]): Promise<Counters> {
  const running = pool.filter(({ state }) => state === "running");
  const read = await Promise.all(
    running.map(async (replica) => ({
      id: String(replica.ordinal),
      counts: await requestCounts(replica, [ROUTE, UNLOGGED]),
    })),
  );
  const of = (route: string) => new Map(read.map(({ id, counts }) => [id, counts.get(route) ?? 0]));
  return { measured: of(ROUTE), unlogged: of(UNLOGGED) };
}

export const total = (counts: Map<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);

/** A replica that restarted in between counts from zero again. */
export function growth(before: Map<string, number>, after: Map<string, number>): Map<string, number> {
  return new Map(
    [...after].map(([id, count]) => {
      const start = before.get(id) ?? 0;
      return [id, count >= start ? count - start : count];
    }),
  );
}

function countByReplica(log: AccessLogLine[], pool: LabContainer[]): Map<string, number> {
  const byAddress = new Map(
    pool.flatMap((replica) =>
      replica.addresses.map((address) => [address, String(replica.ordinal)] as const),
    ),
  );
  const counts = new Map<string, number>();
  for (const line of log) {
    const address = answeringAddress(line) ?? "none";
    const id = byAddress.get(address) ?? address;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

export const notRunning = () =>
  new LabError("The lab does not run, so there is nothing to measure.", {
    code: "lab.down",
    exitCode: 2,
    hint: "Start it with: npm run lab:up",
  });
