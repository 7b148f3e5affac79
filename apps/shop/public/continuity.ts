/** What a stream of numbered events did so far. */
export interface Continuity {
  received: number;
  /** Ids that never came. */
  gaps: number;
  /** Ids that came again. */
  duplicates: number;
  /** Newest id seen, or undefined before the first. */
  lastId: number | undefined;
}

export function newContinuity(): Continuity {
  return { received: 0, gaps: 0, duplicates: 0, lastId: undefined };
}

/** Notes a numbered event. `false`: it was seen before and must not be applied again. */
export function noteEvent(continuity: Continuity, id: number): boolean {
  continuity.received += 1;
  if (continuity.lastId !== undefined && id <= continuity.lastId) {
    continuity.duplicates += 1;
    return false;
  }
  if (continuity.lastId !== undefined) continuity.gaps += id - continuity.lastId - 1;
  continuity.lastId = id;
  return true;
}

/** A snapshot holds everything up to its id, so whatever lies before it is not missing. */
export function noteSnapshot(continuity: Continuity, lastEventId: number): void {
  continuity.lastId = lastEventId;
}
