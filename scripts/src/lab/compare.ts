import { randomBytes } from "node:crypto";
import type { Step } from "../lib/progress.ts";
import { type LabContainer, stats } from "../runtime/docker.ts";
import { pressedLoad } from "../runtime/load/pressed-load.ts";
import type { Settings } from "../runtime/settings.ts";
import { seeded } from "../runtime/traffic-mix.ts";
import { borrowLab, hold, Pool, type Seats, seatsHere } from "./compare-pool.ts";
import type { ComparePoint } from "./evidence-schema.ts";

export interface CompareOptions {
  /** Numbers of replicas to compare; speed-ups are against the fewest. */
  replicas: number[];
  /** Cores each replica is held to. */
  cpus: number;
  repeats: number;
  /** Length of one measurement. */
  seconds: number;
  /** Clients that send at the same time, per replica. */
  connectionsPerReplica: number;
  /** Decides the order within each repeat, and which replicas form the pool. */
  seed: number;
}

export interface Comparison {
  /** In the order in which they were measured. */
  points: ComparePoint[];
  /** Null: everything ran wherever the system put it. */
  seats: (Seats & { generator: boolean }) | null;
  /** The generator spoke to nginx's own address, past Docker's port forwarding. */
  direct: boolean;
}

const ROUTE = "/products";
/** Requests per replica in one round of warming up. */
const WARM_UP = 3000;
/** Rounds: until one is hardly faster than the fastest before. */
const WARM = { atLeast: 3, atMost: 10, gain: 1.03 };
/** Uncapped figures stand beside, they are not the claim: a few repeats are enough. */
const UNCAPPED_REPEATS = 3;
const UNCAPPED_SECONDS = 2.5;
/**
 * How often each number is measured within a repeat, there and back. The shorter the time between
 * two numbers, the less a machine changes its speed in between.
 */
const PASSES = 2;
/** Under a new cap, or in a new pool, the first moments are not like the others. */
const SETTLING_SECONDS = 0.4;

/** Requests, and the processor time that they took of the replicas that served them. */
interface Slice {
  requests: number;
  durationSeconds: number;
  coreSeconds: number;
}

/**
 * Measures the throughput of the shop with different numbers of replicas, each held to the same share of a core. All
 * replicas run and are warm all the time; what changes is how many of them nginx knows. Within a repeat every number
 * is measured on the way there and on the way back (1 2 4 4 2 1 …), so that a machine that slows down steadily favours
 * none. Afterwards the lab is as it was, also after Ctrl-C or an error.
 * @throws LabError `lab.down`; `load.failed` when an answer was not good.
 */
export async function compareReplicas(
  settings: Settings,
  options: CompareOptions,
  step: Step,
  signal: AbortSignal,
): Promise<Comparison> {
  const { cpus, repeats, seconds, connectionsPerReplica } = options;
  const most = Math.max(...options.replicas);
  await using lab = await borrowLab(most, settings, step, signal);
  await using pool = new Pool(lab.replicas, settings);
  const apart = await seatsHere(lab, cpus, step);
  const random = seeded(options.seed);
  const points: ComparePoint[] = [];

  const load = async (members: LabContainer[], amount: number): Promise<Slice> => {
    signal.throwIfAborted();
    return measure(lab.door.url.href, members, amount, connectionsPerReplica * members.length, signal);
  };
  const record = (repeat: number, replicas: number, held: number | null, slices: Slice[]) => {
    const { requests, durationSeconds, coreSeconds } = added(slices);
    const rate = requests / durationSeconds;
    const connections = connectionsPerReplica * replicas;
    const coresUsed = coreSeconds / durationSeconds;
    points.push({ repeat, replicas, cpus: held, connections, requests, durationSeconds, rate, coresUsed });
  };

  step.title(`Warming up ${most} replicas`);
  const warm = await warmUp((amount) => load(lab.replicas, amount), most);
  // What a replica serves in a second of a whole core tells about how much it will serve in a share of one.
  const perCore = warm.requests / Math.max(warm.coreSeconds, 0.1);
  const uncapped = new Map<number, number>();
  let generator = false;

  for (let repeat = 1; repeat <= repeats; repeat++) {
    const order = shuffled(options.replicas, random);
    const drawn = shuffled(lab.replicas, random);
    step.title(`Repeat ${repeat} of ${repeats}: ${order.join(", ")} replicas`);
    for (const count of repeat <= UNCAPPED_REPEATS ? order : []) {
      step.progress(`uncapped: ${count}`);
      const members = drawn.slice(0, count);
      await pool.be(members, signal);
      const rate = uncapped.get(count) ?? ((warm.requests / warm.durationSeconds) * count) / most;
      const slice = await load(members, rate * UNCAPPED_SECONDS);
      uncapped.set(count, slice.requests / slice.durationSeconds);
      record(repeat, count, null, [slice]);
    }
    await using held = await hold(lab, cpus, apart);
    generator = held.generator;
    const slices = new Map<number, Slice[]>(order.map((count) => [count, []]));
    const passes = Array.from({ length: PASSES }, (_, pass) => (pass % 2 === 0 ? order : order.toReversed()));
    for (const count of passes.flat()) {
      step.progress(`each replica held to ${cpus} cores: ${count}`);
      const members = drawn.slice(0, count);
      await pool.be(members, signal);
      const settled = await load(members, perCore * cpus * count * SETTLING_SECONDS);
      const rate = settled.requests / settled.durationSeconds;
      slices.get(count)?.push(await load(members, (rate * seconds) / PASSES));
    }
    for (const [count, own] of slices) record(repeat, count, cpus, own);
  }
  step.title(`${points.length} measurements`);
  return { points, seats: apart && { ...apart, generator }, direct: lab.door.direct };
}

/** @returns the last round. */
async function warmUp(load: (amount: number) => Promise<Slice>, replicas: number): Promise<Slice> {
  let fastest = 0;
  for (let round = 1; ; round++) {
    const slice = await load(WARM_UP * replicas);
    const rate = slice.requests / slice.durationSeconds;
    const hardlyFaster = rate < fastest * WARM.gain;
    if (round >= WARM.atMost || (round >= WARM.atLeast && hardlyFaster)) return slice;
    fastest = Math.max(fastest, rate);
  }
}

async function measure(
  url: string,
  members: LabContainer[],
  amount: number,
  connections: number,
  signal: AbortSignal,
): Promise<Slice> {
  const before = await processorSeconds(members);
  const requests = Math.max(Math.round(amount), connections);
  const runId = `compare-${randomBytes(4).toString("hex")}`;
  const { durationSeconds } = await pressedLoad({
    url,
    path: ROUTE,
    amount: requests,
    connections,
    runId,
    signal,
  });
  return { requests, durationSeconds, coreSeconds: (await processorSeconds(members)) - before };
}

async function processorSeconds(replicas: LabContainer[]): Promise<number> {
  const used = await Promise.all(replicas.map(({ id }) => stats(id)));
  return used.reduce((sum, { cpuNanoseconds }) => sum + cpuNanoseconds / 1e9, 0);
}

const added = (slices: Slice[]): Slice =>
  slices.reduce((sum, slice) => ({
    requests: sum.requests + slice.requests,
    durationSeconds: sum.durationSeconds + slice.durationSeconds,
    coreSeconds: sum.coreSeconds + slice.coreSeconds,
  }));

/** The same values in an order drawn at random (Fisher and Yates). */
function shuffled<T>(values: T[], random: () => number): T[] {
  const order = [...values];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}
