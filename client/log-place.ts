import type { LogItem } from './models.ts';

/** How far somebody has come in a log. */
export class LogPlace {
  #seq: number;
  /** When the last line was written that is known. */
  #newest = '';

  /** @param seq Of the last line that is known; behind it everything is new. */
  constructor(seq = 0) {
    this.#seq = seq;
  }

  get seq(): number {
    return this.#seq;
  }

  /**
   * Whether an item is new. Of a log that begins anew, as one that was restored from a backup does, lines have numbers
   * that were there before: they are told by their time.
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
