import { LabError } from "../lib/errors.ts";
import { waitUntil } from "../lib/wait-until.ts";
import { type LabContainer, labContainers, stats } from "../runtime/docker.ts";
import { MetricsLine } from "../runtime/metrics-line.ts";
import { type ContainerReading, readApp } from "./top-reading.ts";
import { sampleBetween, type TopSample } from "./top-sample.ts";

/** Services that tell metrics at port 8000. */
const APPS = ["app", "orders"];

export interface TopOptions {
  intervalMs: number;
  /** How many samples; endless when not given. */
  samples?: number;
  signal: AbortSignal;
  onSample: (sample: TopSample) => void;
}

/**
 * Reads the lab once per interval and tells what happened in between, until the signal comes, which is no
 * error. Needs the engine and the replicas alone: no Prometheus, no cAdvisor.
 * @throws LabError `lab.down` when nothing runs at the start.
 */
export async function watchLab({ intervalMs, samples, signal, onSample }: TopOptions): Promise<void> {
  using lines = new Lines();
  if ((await labContainers()).length === 0)
    throw new LabError("The lab does not run, so there is nothing to watch.", {
      code: "lab.down",
      hint: "Start it with: npm run lab:up",
    });
  let before = await readLab(lines);
  for (let left = samples ?? Number.POSITIVE_INFINITY; left > 0; left--) {
    if (!(await until(performance.now() + intervalMs, signal))) return;
    const now = await readLab(lines);
    if (signal.aborted) return;
    onSample(sampleBetween(before, now));
    before = now;
  }
}

/** False when the signal came first. */
async function until(due: number, signal: AbortSignal): Promise<boolean> {
  const rest = Math.max(1, due - performance.now());
  // Twice the rest: the second question, after it, is the one that counts.
  const wait = { deadlineMs: 2 * rest + 1000, intervalMs: rest, signal };
  try {
    return await waitUntil("the next reading to be due", () => performance.now() >= due, wait);
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

async function readLab(lines: Lines): Promise<ContainerReading[]> {
  const containers = await labContainers({ all: true });
  lines.keepOnly(containers);
  return Promise.all(containers.map((container) => readContainer(container, lines)));
}

/** Whatever goes away while it is asked has no figures this time. */
async function readContainer(container: LabContainer, lines: Lines): Promise<ContainerReading> {
  const { id, name, service, ordinal, state } = container;
  const runs = state === "running";
  const [usage, app] = await Promise.all([
    runs ? stats(id).catch(() => null) : null,
    runs && APPS.includes(service) ? lines.ask(container).catch(() => null) : null,
  ]);
  return { id, name, service, ordinal, state, usage, app };
}

/** The lines that are open into containers, by container. */
class Lines implements Disposable {
  readonly #open = new Map<string, Promise<MetricsLine>>();

  async ask(container: LabContainer) {
    const line = await this.#line(container);
    return readApp(await line.ask(), performance.now());
  }

  async #line(container: LabContainer): Promise<MetricsLine> {
    const open = await this.#open.get(container.id)?.catch(() => undefined);
    if (open && !open.ended) return open;
    const opening = MetricsLine.open(container);
    this.#open.set(container.id, opening);
    return opening;
  }

  keepOnly(containers: LabContainer[]): void {
    const there = new Set(containers.map(({ id }) => id));
    for (const id of this.#open.keys()) if (!there.has(id)) this.#close(id);
  }

  #close(id: string): void {
    this.#open.get(id)?.then(
      (line) => line[Symbol.dispose](),
      () => undefined,
    );
    this.#open.delete(id);
  }

  [Symbol.dispose](): void {
    for (const id of this.#open.keys()) this.#close(id);
  }
}
