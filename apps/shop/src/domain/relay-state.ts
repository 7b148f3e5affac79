import type { RelayState } from "./ports.ts";

/** The holder of the lease hears of Kafka every two seconds; three times that, and some patience, is silence. */
const SILENCE_MS = 10_000;

/** Whether Kafka answers, as far as the replicas know. Undefined: nobody has tried yet. */
export function kafkaUp({ failure, answeredAt }: RelayState, now: number): boolean | undefined {
  if (failure !== null) return false;
  if (answeredAt === null) return undefined;
  return now - answeredAt < SILENCE_MS;
}

/** The same in words, with what waits for it. Times are Unix time in milliseconds. */
export function describeRelay(state: RelayState, now: number): string {
  const { waiting, oldestAt } = state;
  const oldest = oldestAt === null ? "" : `, the oldest for ${seconds(now - oldestAt)} s`;
  const events = waiting === 1 ? "1 event waits" : `${waiting} events wait`;
  const backlog = waiting === 0 ? "Nothing waits in the outbox." : `${events} in the outbox${oldest}.`;
  return kafkaUp(state, now) === true ? backlog : `${away(state, now)} ${backlog}`;
}

function away({ failure, answeredAt }: RelayState, now: number): string {
  if (failure !== null) return `Kafka is away: ${failure.replace(/\.$/, "")}.`;
  if (answeredAt === null) return "Kafka was not reached yet.";
  return `Kafka was last heard of ${seconds(now - answeredAt)} s ago.`;
}

/** Whole seconds; clocks of two processes may disagree by a little, hence never below zero. */
const seconds = (ms: number) => Math.max(0, Math.round(ms / 1000));
