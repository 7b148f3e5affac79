import { LabError } from "../lib/errors.ts";
import { colour } from "../lib/output.ts";
import type { Step } from "../lib/progress.ts";
import { stopWaiting, waitUntil } from "../lib/wait-until.ts";
import { inspect, type LabContainer, labContainers, logText, passesProbe } from "./docker.ts";

const DEADLINE_MS = 90_000;
const LOG_LINES = 15;

/** Restarts after which a container is in a loop, not in bad luck. */
const LOOP = 3;

/**
 * Time in which an unhealthy container may recover: after a pause, or when what it needs has just come back. The
 * orders app needs the most: a Kafka that was restarted waits some ten seconds for the group's old members.
 */
const RECOVERY_MS = 30_000;

/** Finds containers that will not become healthy by waiting. */
class Watch {
  private readonly unhealthySince = new Map<string, number>();

  async lost(containers: LabContainer[]): Promise<LabContainer | undefined> {
    for (const container of containers) {
      const { state, health, id } = container;
      if (state === "exited" || state === "dead") return container;
      if (state === "restarting" && (await inspect(id)).restarts >= LOOP) return container;
      if (health !== "unhealthy") this.unhealthySince.delete(id);
      else if (performance.now() - this.since(id) > RECOVERY_MS) return container;
    }
    return undefined;
  }

  private since(id: string): number {
    const since = this.unhealthySince.get(id) ?? performance.now();
    this.unhealthySince.set(id, since);
    return since;
  }
}

/** True of a container that runs and, where it has a probe, passed it. */
export function isHealthy({ state, health }: Pick<LabContainer, "state" | "health">): boolean {
  return state === "running" && (health === "healthy" || health === "none");
}

/** True of what runs and is not known to be unwell: enough to run a program beside it. */
export const canBeAsked = ({ state, health }: Pick<LabContainer, "state" | "health">): boolean =>
  state === "running" && health !== "unhealthy";

/** They look on; nobody waits for them, and their probes come late (docker-compose.yml, &rarely). */
const WATCHERS = ["prometheus", "alertmanager", "alerts", "node-exporter", "cadvisor", "grafana"];

/** True of what is healthy, and of a watcher that was not asked yet. */
export function isWell(container: Pick<LabContainer, "service" | "state" | "health">): boolean {
  const { service, state, health } = container;
  const waits = WATCHERS.includes(service) && state === "running" && health === "starting";
  return waits || isHealthy(container);
}

/**
 * The last ones to be ready when a lab starts, each waiting for those before it. Docker looks every three seconds; asked
 * here with their own probe they are found ready at once. It knows them as "starting" until its next look.
 */
const LAST = ["kafka", "orders"];
/** Between two questions. Each starts a process in a container, on the cores that a starting lab needs. */
const ASK_EVERY_MS = 500;

/** The same containers, each that is "starting" with what its own probe says now. */
export function asTheySay(containers: LabContainer[]): Promise<LabContainer[]> {
  return Promise.all(
    containers.map(async (container): Promise<LabContainer> => {
      const unasked = container.state === "running" && container.health === "starting";
      const passes = unasked && (await passesProbe(container.id).catch(() => false));
      return passes ? { ...container, health: "healthy" } : container;
    }),
  );
}

/** Asks the last ones with their own probes, one container at a time. */
class Asking {
  private readonly passed = new Set<string>();
  private askedAt = 0;

  /** Whether each container that Docker does not call healthy yet is known to be ready. */
  async ready(late: LabContainer[]): Promise<boolean> {
    const rank = ({ service, state, health }: LabContainer) =>
      state === "running" && health === "starting" ? LAST.indexOf(service) : -1;
    if (late.some((container) => rank(container) < 0)) return false;
    const open = late.filter(({ id }) => !this.passed.has(id)).sort((a, b) => rank(a) - rank(b));
    for (const { id } of open) {
      if (performance.now() - this.askedAt < ASK_EVERY_MS) return false;
      const passes = await passesProbe(id).catch(() => false);
      if (!passes) {
        this.askedAt = performance.now();
        return false;
      }
      this.passed.add(id);
    }
    // Once more together: one may have crashed and begun anew while another was waited for.
    const again = await asTheySay(late);
    const lost = again.filter(({ health }) => health !== "healthy");
    for (const { id } of lost) this.passed.delete(id);
    return lost.length === 0;
  }
}

/**
 * Waits until every container of the lab is well.
 * @throws LabError `lab.unhealthy`, exit code 1, naming the container with its last log lines.
 */
export async function waitForHealth(
  signal: AbortSignal,
  step?: Step,
  query: { service?: string; count?: number } = {},
): Promise<LabContainer[]> {
  let seen: LabContainer[] = [];
  const watch = new Watch();
  const asking = new Asking();
  const { count = 1, ...service } = query;
  try {
    return await waitUntil(
      "all containers to be healthy",
      async (): Promise<LabContainer[] | undefined> => {
        seen = await labContainers({ ...service, all: true });
        const bad = await watch.lost(seen);
        if (bad) throw stopWaiting(await explain(bad));
        const late = seen.filter((container) => !isWell(container));
        step?.progress(
          `${seen.length - late.length} of ${Math.max(seen.length, count)} containers are ready`,
        );
        if (seen.length < count || !(await asking.ready(late))) return undefined;
        return seen.map((container) =>
          late.includes(container) ? { ...container, health: "healthy" } : container,
        );
      },
      { deadlineMs: DEADLINE_MS, intervalMs: 150, signal },
    );
  } catch (error) {
    if (!(error instanceof LabError) || error.code !== "wait.deadline") throw error;
    const slow = seen.find((container) => !isWell(container));
    throw slow ? await explain(slow, `${DEADLINE_MS / 1000} s after its start `) : error;
  }
}

async function explain(container: LabContainer, when = ""): Promise<LabError> {
  const { name, state, health, status, id } = container;
  const log = await logText(id, { tail: LOG_LINES }).catch(() => "");
  const what = state === "running" ? `${when}it is ${health}` : `its state is "${status}"`;
  const lines = log.trim() ? `its log ends with:\n${colour.dim(log.trimEnd())}` : "it has written nothing.";
  return new LabError(`${name} is not well: ${what}; ${lines}`, {
    code: "lab.unhealthy",
    exitCode: 1,
    hint: `More of it: npm run lab:logs -- ${container.service}   Start over: npm run lab:down && npm run lab:up`,
  });
}
