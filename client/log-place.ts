import type { LogItem } from './models.ts';

/** The position of a client in a log. */
export class LogPlace {
  #seq: number;
  /** Timestamp of the last known line. */
  #newest = '';

  /** @param seq The `seq` of the last known line; later lines are new. */
  constructor(seq = 0) {
    this.#seq = seq;
  }

  get seq(): number {
    return this.#seq;
  }

  /**
   * Records an item and returns whether it is new. A log that starts over, for example after a restored backup, repeats
   * numbers: its lines count as new by their timestamp.
   */
  take(item: LogItem): boolean {
    const isGap = 'gap' in item;
    const seq = isGap ? item.gap.to_seq : item.seq;
    if (seq <= this.#seq && (isGap || item.timestamp <= this.#newest)) return false;
    this.#seq = seq;
    if (!isGap) this.#newest = item.timestamp;
    return true;
  }
}
