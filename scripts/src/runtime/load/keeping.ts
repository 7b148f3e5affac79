import { LabError } from "../../lib/errors.ts";
import type { LoadResult } from "../../lib/load-result.ts";
import { LATE_MS } from "./recorder.ts";

/** Share of the schedule that must have been kept. */
const KEPT = 0.999;
/** Cores that a generator's thread may use: nearer to a whole one it waits for itself, and calls that latency. */
export const BUSIEST = 0.8;

export type Keeping = Pick<LoadResult, "scheduled" | "sent" | "late" | "sendLag" | "processor">;

/**
 * Share of the schedule that was kept; 1 for a closed loop, which has none. "Sent at some time" would say little: a
 * generator that falls a second behind and catches up sends everything, in bursts that nobody asked for. So a
 * request is kept when it left within 25 ms of its time. What it was late is in its latency anyway, so 25 ms is
 * also how far a kept request's figure can be off, at the most and on the pessimistic side.
 */
export function keptShare({ scheduled, sent, late = 0 }: Keeping): number {
  if (!scheduled) return 1;
  return Math.min(sent, scheduled - late) / scheduled;
}

/** The generator was at its own limit, so its figures say as much about itself as about the server. */
export const wasLimit = ({ processor }: Keeping): boolean => processor.busiestThread > BUSIEST;

/**
 * Refuses an open loop's result when the generator could not do what it was told. A closed loop is told nothing: it
 * goes as fast as it can, against a fast server up to a whole core; {@link wasLimit} is then a remark beside its figures.
 * @throws LabError `load.schedule` or `load.saturated`, exit code 2, with the figures and what to change.
 */
export function refuseUnkept(load: Keeping): void {
  const { scheduled, sent, late = 0, sendLag, processor } = load;
  const busy = `its busiest thread used ${percent(processor.busiestThread)} of a core`;
  if (scheduled === null) return;
  const share = keptShare(load);
  if (share < KEPT)
    throw new LabError(
      `The load generator did not keep its schedule, so nothing is reported: ${sent} of ${scheduled} requests were sent, ` +
        `${late} of the schedule more than ${LATE_MS} ms late or never (kept ${percent(share, 2)}, at least ${percent(KEPT)} is needed; ` +
        `lag p99 ${sendLag?.p99.toFixed(1) ?? "?"} ms, max ${sendLag?.max.toFixed(1) ?? "?"} ms); ${busy}.`,
      {
        code: "load.schedule",
        hint: "Use a lower --rate or more --workers, and let fewer other things run on this machine.",
      },
    );
  if (wasLimit(load))
    throw new LabError(
      `The load generator was at its own limit, so nothing is reported: ${busy}, and more than ${percent(BUSIEST)} means that it measures itself.`,
      {
        code: "load.saturated",
        hint: "Use a lower --rate or more --workers, and let fewer other things run on this machine.",
      },
    );
}

const percent = (share: number, digits = 1) => `${(100 * share).toFixed(digits).replace(/\.0+$/, "")} %`;
