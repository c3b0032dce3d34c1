import type { Family } from './prometheus.ts';

/** Bounds of a histogram, and how they stand in a label. */
export interface Buckets {
  /** Ascending; a value that is equal to one belongs to it. */
  bounds: readonly number[];
  labels: readonly string[];
}

/** @param bounds Ascending. */
export function buckets(...bounds: number[]): Buckets {
  return { bounds, labels: [...bounds.map(String), '+Inf'].map((bound) => `le="${bound}"`) };
}

/** How often something was at most so much, for some so muches. */
export class Histogram {
  readonly #buckets: Buckets;
  /** One for each bound, and one for what is above all of them; not cumulative. */
  readonly #counts: number[];
  #sum = 0;

  constructor(of: Buckets) {
    this.#buckets = of;
    this.#counts = of.labels.map(() => 0);
  }

  observe(value: number): void {
    const { bounds } = this.#buckets;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] ?? 0)) index += 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += value;
  }

  /** Writes its buckets, its sum and its count; nothing when there was nothing to observe. @param labels As they are to stand there. */
  write(family: Family, labels: string): void {
    let below = 0;
    for (const count of this.#counts) below += count;
    const total = below;
    if (total === 0) return;
    below = 0;
    for (const [index, bound] of this.#buckets.labels.entries()) {
      below += this.#counts[index] ?? 0;
      family.addText(String(below), `${labels},${bound}`, '_bucket');
    }
    family.addText(String(this.#sum), labels, '_sum');
    family.addText(String(total), labels, '_count');
  }
}
