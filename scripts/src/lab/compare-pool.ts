import { reason } from "../lib/errors.ts";
import type { Step } from "../lib/progress.ts";
import {
  coreRange,
  engineInfo,
  type LabContainer,
  labContainers,
  limitCpus,
  pinCpus,
} from "../runtime/docker.ts";
import { type NearestDoor, nearestDoor, waitForPool } from "../runtime/door.ts";
import { waitForHealth } from "../runtime/health.ts";
import { scaleReplicas } from "../runtime/lab.ts";
import { recordComparing } from "../runtime/lab-events.ts";
import { pinThisProcess } from "../runtime/own-cores.ts";
import { takeFromPool } from "../runtime/pool-member.ts";
import type { Settings } from "../runtime/settings.ts";
import { activateStrategy, activeStrategy, reloadNginx } from "../runtime/strategy.ts";
import { notRunning } from "./check-distribution.ts";
import { bringReplicasTo } from "./scale.ts";

/**
 * What is measured with. A capped replica stands still for most of every 100 ms. In turn (round robin) all clients would
 * soon wait for whichever stands still, while the others get requests one by one, which costs them a quarter more
 * processor time for each; least connections keeps the same number waiting at every replica.
 */
export const STRATEGY = "least-conn";
/** Share of the replicas' own cores that their caps may add up to; the rest of the lab needs some of them, too. */
const ROOM = 0.9;

/** The lab, lent for a comparison. Disposing gives it back as it was. */
export interface BorrowedLab extends AsyncDisposable {
  /** nginx, by the shortest way. */
  door: NearestDoor;
  nginx: LabContainer;
  /** As many as the largest pool needs. */
  replicas: LabContainer[];
}

/**
 * Brings the lab to so many replicas and to {@link STRATEGY}; going back is structural.
 * @throws LabError `lab.down`.
 */
export async function borrowLab(
  most: number,
  settings: Settings,
  step: Step,
  signal: AbortSignal,
): Promise<BorrowedLab> {
  const [nginx] = await labContainers({ service: "nginx" });
  const before = (await labContainers({ service: "app" })).length;
  if (nginx?.state !== "running" || before === 0) throw notRunning();
  const strategy = await activeStrategy();
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    step.title(`Back to ${before} ${before === 1 ? "replica" : "replicas"} and ${strategy}`);
    // Not the signal of Ctrl-C: it may be the reason why we are here.
    try {
      await scaleReplicas(before, settings, step, { uninterruptible: true });
    } finally {
      // Before the wait: after Ctrl-C there may not be the time for both.
      if (strategy !== STRATEGY) await activateStrategy(strategy, settings);
    }
    await waitForHealth(AbortSignal.timeout(60_000), step, { service: "app", count: before });
  });
  if (strategy !== STRATEGY) await activateStrategy(STRATEGY, settings);
  const replicas = await bringReplicasTo(most, settings, signal, step);
  const door = await nearestDoor(nginx, settings);
  const kept = undo.move();
  return { door, nginx, replicas, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/**
 * Which of the running replicas nginx knows. Those outside go on running and stay warm: a replica that was started
 * anew needs some 20,000 requests until its code is compiled, and costs up to twice the processor time before.
 */
export class Pool implements AsyncDisposable {
  readonly #replicas: LabContainer[];
  readonly #settings: Settings;
  readonly #away = new Map<string, AsyncDisposable>();

  constructor(replicas: LabContainer[], settings: Settings) {
    this.#replicas = replicas;
    this.#settings = settings;
  }

  /** Makes these the pool, and waits until nginx asks each of them and nobody else. */
  async be(members: LabContainer[], signal: AbortSignal): Promise<void> {
    let changed = false;
    for (const replica of this.#replicas) {
      const isMember = members.some(({ id }) => id === replica.id);
      const away = this.#away.get(replica.id);
      if (isMember && away) {
        await away[Symbol.asyncDispose]();
        this.#away.delete(replica.id);
        changed = true;
      } else if (!isMember && !away) {
        // Before the first is gone: Prometheus must know that they are not lost.
        if (this.#away.size === 0) await recordComparing(true);
        this.#away.set(replica.id, await takeFromPool(replica));
        changed = true;
      }
    }
    if (!changed) return;
    // Else nginx would ask Docker's DNS only when its second is over.
    await reloadNginx();
    const ids = members.map(({ ordinal }) => String(ordinal));
    await waitForPool(this.#settings, ids, signal);
  }

  /** Brings all of them back, also when one cannot be. */
  async [Symbol.asyncDispose](): Promise<void> {
    const all = new AsyncDisposableStack();
    // Undone last, because first in: until then nobody shall miss them.
    all.defer(() => recordComparing(false));
    for (const away of this.#away.values()) all.use(away);
    this.#away.clear();
    await all.disposeAsync();
  }
}

/** On which cores what runs while replicas are capped. */
export interface Seats {
  replicas: string;
  nginx: string;
}

/**
 * The upper half of the engine's cores for the replicas, the lower half for nginx and the generator, so that neither
 * side takes the other's core in the middle of a request; null where the caps would not fit in there.
 */
export function seats(cores: number, most: number, cpus: number): Seats | null {
  const forNginx = Math.floor(cores / 2);
  if (forNginx === 0 || most * cpus > ROOM * (cores - forNginx)) return null;
  return { nginx: coreRange(0, forNginx - 1), replicas: coreRange(forNginx, cores - 1) };
}

/** The seats on this engine's machine; null also where the engine does not give containers cores of their own. */
export async function seatsHere(
  { replicas, nginx }: BorrowedLab,
  cpus: number,
  step: Step,
): Promise<Seats | null> {
  const found = seats((await engineInfo()).cpus, replicas.length, cpus);
  if (!found) return null;
  try {
    await using _ = await seat(replicas, nginx, found);
    return found;
  } catch (error) {
    step.say(`Replicas and nginx share all cores, because the engine would not part them: ${reason(error)}`);
    return null;
  }
}

/** What is held while replicas are capped. Disposing undoes it. */
export interface Held extends AsyncDisposable {
  /** The generator runs on nginx's cores, too. */
  generator: boolean;
}

/** Caps every replica; replicas, and nginx with the generator, get cores of their own where there are seats. */
export async function hold(lab: BorrowedLab, cpus: number, apart: Seats | null): Promise<Held> {
  await using undo = new AsyncDisposableStack();
  for (const { id } of lab.replicas) undo.use(await limitCpus(id, cpus));
  if (apart) undo.use(await seat(lab.replicas, lab.nginx, apart));
  // Only on the machine of the containers are this process' cores the same as theirs.
  const pinned = apart && lab.door.direct ? await pinThisProcess(apart.nginx) : null;
  if (pinned) undo.use(pinned);
  const kept = undo.move();
  return { generator: pinned !== null, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function seat(replicas: LabContainer[], nginx: LabContainer, apart: Seats): Promise<AsyncDisposable> {
  await using undo = new AsyncDisposableStack();
  for (const { id } of replicas) undo.use(await pinCpus(id, apart.replicas));
  undo.use(await pinCpus(nginx.id, apart.nginx));
  return undo.move();
}
