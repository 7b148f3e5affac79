/** What a batch says about its partition; as in kafkajs' events. */
export interface BatchMarks {
  readonly partition: number;
  /** Offset that the newest message of the partition will be followed by. */
  readonly highWatermark: string;
  /** Null where compaction left none of the messages that were asked for. */
  readonly firstOffset: string | null;
  readonly lastOffset: string;
}

/**
 * How many messages this instance still has to book, per assigned partition. A partition that is read to its
 * end brings no batch, so it counts as read until one comes.
 */
export class ConsumerLag {
  readonly #high = new Map<number, bigint>();
  readonly #next = new Map<number, bigint>();

  /** A new assignment; nothing is known about partitions that were not ours before. */
  assign(partitions: readonly number[]): void {
    for (const partition of this.#high.keys()) {
      if (partitions.includes(partition)) continue;
      this.#high.delete(partition);
      this.#next.delete(partition);
    }
    for (const partition of partitions) {
      if (this.#high.has(partition)) continue;
      this.#high.set(partition, 0n);
      this.#next.set(partition, 0n);
    }
  }

  begun({ partition, highWatermark, firstOffset }: BatchMarks): void {
    if (!this.#high.has(partition)) return;
    this.#high.set(partition, BigInt(highWatermark));
    if (firstOffset !== null) this.#next.set(partition, BigInt(firstOffset));
  }

  done({ partition, lastOffset }: BatchMarks): void {
    if (this.#next.has(partition)) this.#next.set(partition, BigInt(lastOffset) + 1n);
  }

  /** Partition and messages behind. */
  *entries(): Generator<[partition: number, behind: number]> {
    for (const [partition, high] of this.#high) {
      const behind = Number(high - (this.#next.get(partition) ?? 0n));
      yield [partition, Math.max(0, behind)];
    }
  }
}
