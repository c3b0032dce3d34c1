import type { Family } from './exposition.ts';

/** Bounds of a histogram, and their labels. */
export interface Buckets {
  /** Ascending and inclusive. */
  bounds: readonly number[];
  labels: readonly string[];
}

/** @param bounds Ascending. */
export function buckets(...bounds: number[]): Buckets {
  return { bounds, labels: [...bounds.map(String), '+Inf'].map((bound) => `le="${bound}"`) };
}

/** Counts observed values by bucket. */
export class Histogram {
  readonly #buckets: Buckets;
  /** One for each bound, and one for values above all of them; not cumulative. */
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

  /** Writes buckets, sum and count; nothing without an observed value. @param labels The text between the braces. */
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
