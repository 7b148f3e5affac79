import { StatusResponse } from "@evenkeel/contracts";
import { reason } from "../lib/errors.ts";
import { activeServices } from "../runtime/compose.ts";
import { type Health, inspect, type LabContainer, labContainers, stats } from "../runtime/docker.ts";
import { engineState } from "../runtime/engine.ts";
import { asTheySay, isWell } from "../runtime/health.ts";
import { type ImageReport, imageReport } from "../runtime/images.ts";
import { prometheusAt } from "../runtime/prometheus.ts";
import { askReplica } from "../runtime/replica-counters.ts";
import type { Settings } from "../runtime/settings.ts";
import { activeStrategy } from "../runtime/strategy.ts";
import { prometheusUrl, urls } from "../runtime/urls.ts";
import { notesOnAlerts } from "./firing-alerts.ts";

/** A status must not wait for a Prometheus that hangs. */
const ALERTS_DEADLINE_MS = 1500;

export interface ContainerStatus {
  name: string;
  service: string;
  ordinal: number;
  state: string;
  health: Health;
  uptimeSeconds: number | null;
  /** Bytes. */
  memory: number | null;
}

export interface ReplicaStatus {
  ordinal: number;
  /** What the replica says of itself; "silent" when it does not answer. */
  status: StatusResponse["status"] | "silent";
  openStreams: number | null;
  dependencies: { name: string; status: "up" | "down"; latencyMs: number | null; detail?: string }[];
}

export interface LabStatus {
  healthy: boolean;
  /** One sentence each. */
  problems: string[];
  /** What is worth knowing and no problem, one sentence each. */
  notes: string[];
  engine: { answers: boolean; what: string };
  containers: ContainerStatus[];
  replicas: ReplicaStatus[];
  /** The strategy that nginx uses now; null when nginx does not run. */
  strategy: string | null;
  images: ImageReport[];
  urls: { url: string; shows: string }[];
}

/** How the lab is. A lab that is down, or an engine that does not answer, is a status, too. */
export async function labStatus(settings: Settings): Promise<LabStatus> {
  const { facts, next } = await engineState();
  const none = { containers: [], replicas: [], strategy: null, images: [], urls: urls(settings, []) };
  if (facts.answer !== "ok") {
    const what =
      next.case === "error" ? next.message : "The Docker engine does not run; npm run lab:up starts it.";
    return { healthy: false, problems: [what], notes: [], engine: { answers: false, what }, ...none };
  }
  const [found, listed] = await Promise.all([
    labContainers({ all: true }).then(asTheySay),
    activeServices().catch((error) => new Error(reason(error))),
  ]);
  const { active, problem } = servicesOr(found, listed);
  const [containers, replicas, images, strategy, alerts] = await Promise.all([
    Promise.all(found.map(containerStatus)),
    Promise.all(found.filter(({ service }) => service === "app").map(replicaStatus)),
    imageReport(),
    activeStrategy().catch(() => null),
    notesOnAlerts(found, prometheusAt(prometheusUrl(settings), ALERTS_DEADLINE_MS)),
  ]);
  const problems = [...problem, ...problemsOf(found, replicas, settings.replicas, active)];
  const what = `at ${facts.host}, Compose ${facts.compose ?? "is missing"}`;
  return {
    healthy: problems.length === 0,
    problems,
    notes: [...notesOn(found, settings.replicas), ...notesOnKafka(replicas, active), ...alerts],
    engine: { answers: true, what },
    containers,
    replicas,
    strategy,
    images,
    urls: urls(
      settings,
      found.map(({ service }) => service),
    ),
  };
}

type Seen = Pick<LabContainer, "name" | "service" | "state" | "health">;

/** The services there should be. When Compose cannot say, those that are there, and that is a problem of its own. */
export function servicesOr(
  found: Pick<Seen, "service">[],
  listed: string[] | Error,
): { active: string[]; problem: string[] } {
  if (!(listed instanceof Error)) return { active: listed, problem: [] };
  const why = `Docker Compose could not say which services there should be: ${listed.message}`;
  return { active: [...new Set(found.map(({ service }) => service))], problem: [why] };
}

const replicasIn = (found: Seen[]) => found.filter(({ service }) => service === "app").length;

/**
 * What is not well, one sentence each. `wanted` is the configured number of replicas, `active` the services of the
 * profiles that run: nobody misses the others.
 */
export function problemsOf(
  found: Seen[],
  replicas: ReplicaStatus[],
  wanted: number,
  active: string[],
): string[] {
  if (found.length === 0) return ["The lab does not run."];
  const there = replicasIn(found);
  const missing = active.filter((service) => !found.some((container) => container.service === service));
  return [
    ...missing.map((service) => `There is no container of the service "${service}".`),
    ...(there > 0 && there < wanted
      ? [
          `Only ${there} of ${wanted} replicas ${there === 1 ? "is" : "are"} there; npm run lab:up brings the rest.`,
        ]
      : []),
    ...found
      .filter((container) => !isWell(container))
      .map(({ name, state, health }) => `${name} is ${state === "running" ? health : state}.`),
    ...replicas
      .filter(({ status }) => status === "unavailable" || status === "draining")
      .map(({ ordinal, status }) => `Replica ${ordinal} says it is ${status}.`),
    ...replicas.flatMap(({ ordinal, dependencies }) =>
      dependencies
        .filter(({ name, status }) => status === "down" && (name !== KAFKA || active.includes(KAFKA)))
        .map(({ name, detail }) => `Replica ${ordinal} does not reach ${name}.${detail ? ` ${detail}` : ""}`),
    ),
  ];
}

/** More replicas than configured were asked for, so they are no problem. */
export function notesOn(found: Seen[], wanted: number): string[] {
  const there = replicasIn(found);
  if (there <= wanted) return [];
  return [`${there} replicas run, LAB_REPLICAS says ${wanted}: the next lab:up goes back to that.`];
}

const KAFKA = "kafka";

/** Without Kafka nothing is lost, but somebody should know where the orders are. */
export function notesOnKafka(replicas: ReplicaStatus[], active: string[]): string[] {
  if (active.includes(KAFKA)) return [];
  const kafka = replicas.flatMap(({ dependencies }) => dependencies.filter(({ name }) => name === KAFKA))[0];
  return [
    `The lab runs without Kafka, so orders wait in the shop's outbox and nobody books them.${kafka?.detail ? ` ${kafka.detail}` : ""}`,
  ];
}

async function containerStatus({
  id,
  name,
  service,
  ordinal,
  state,
  health,
}: LabContainer): Promise<ContainerStatus> {
  const runs = state === "running";
  const [info, usage] = runs ? await Promise.all([inspect(id), stats(id)]) : [];
  return {
    name,
    service,
    ordinal,
    state,
    health,
    uptimeSeconds: info ? (Date.now() - info.startedAt) / 1000 : null,
    memory: usage?.memory ?? null,
  };
}

/** Asked inside the container: replicas cannot be reached from outside one by one. */
async function replicaStatus(container: LabContainer): Promise<ReplicaStatus> {
  const { ordinal } = container;
  const silent: ReplicaStatus = { ordinal, status: "silent", openStreams: null, dependencies: [] };
  if (container.state !== "running") return silent;
  try {
    const { body } = await askReplica(container, "/status");
    const { status, openStreams, dependencies } = StatusResponse.parse(JSON.parse(body));
    const list = Object.entries(dependencies).map(([name, { status, latencyMs, detail }]) => ({
      name,
      status,
      latencyMs,
      ...(detail ? { detail } : {}),
    }));
    return { ordinal, status, openStreams, dependencies: list };
  } catch {
    // Starting or hung; its health in the table beside tells which.
    return silent;
  }
}
