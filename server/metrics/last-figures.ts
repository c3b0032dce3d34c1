import type { Stats } from '@llamactl/contract/stats';
import type { LiveFigures } from '../instances/ports/live-figures.ts';

/** Keeps the newest figures of each instance, by its name. The sampler and the gateway write them. */
export class LastFigures implements LiveFigures {
  readonly #stats = new Map<string, { run: number; stats: Stats }>();
  readonly #speeds = new Map<string, number>();

  stats(name: string, run: number): Stats | null {
    const last = this.#stats.get(name);
    return last?.run === run ? last.stats : null;
  }

  tokensPerSecond(name: string): number {
    return this.#speeds.get(name) ?? 0;
  }

  /** Keeps a measurement of a run. */
  measured(name: string, run: number, stats: Stats): void {
    this.#stats.set(name, { run, stats });
  }

  /** Keeps the number of tokens per second. */
  generates(name: string, tokensPerSecond: number): void {
    if (tokensPerSecond === 0) this.#speeds.delete(name);
    else this.#speeds.set(name, tokensPerSecond);
  }

  /** Drops the figures of a deleted instance: a new one with its name starts without them. */
  forget(name: string): void {
    this.#stats.delete(name);
    this.#speeds.delete(name);
  }

  /** Moves the figures of a renamed instance to its new name. */
  rename(previous: string, name: string): void {
    const stats = this.#stats.get(previous);
    const speed = this.#speeds.get(previous);
    this.forget(previous);
    if (stats !== undefined) this.#stats.set(name, stats);
    if (speed !== undefined) this.#speeds.set(name, speed);
  }
}
