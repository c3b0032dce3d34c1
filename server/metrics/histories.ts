import type { FleetStats, Stats, StatsHistory } from '@llamactl/contract/stats';
import type { Clock } from '../instances/ports/time.ts';
import { seriesOf, type InstanceSeries } from './fleet-series.ts';
import { createHistory, type History } from './history.ts';
import type { StatsHistoryView } from './metrics.ts';
import type { Served } from './served-tally.ts';
import type { KeptSteps } from './step-levels.ts';
import type { Step } from './step-ring.ts';

/** A turn of the event loop makes series for at most this long. */
const LONGEST_TURN_MS = 5;

/** The histories of all instances, by their names without regard to case. */
export class Histories implements StatsHistoryView {
  readonly #clock: Pick<Clock, 'now' | 'elapsed' | 'nextTurn'>;
  readonly #intervalSeconds: number;
  readonly #histories = new Map<string, History>();
  /** Names whose history has changed since {@link takeChanged}, as they were given. */
  #changed = new Map<string, string>();
  #isOpen = false;

  /** @param intervalSeconds The setting `stats.interval`. */
  constructor(clock: Pick<Clock, 'now' | 'elapsed' | 'nextTurn'>, intervalSeconds: number) {
    this.#clock = clock;
    this.#intervalSeconds = intervalSeconds;
  }

  /** Takes measurements from now on: what was kept over the restart is restored. */
  open(): void {
    this.#isOpen = true;
  }

  /** Adds a measurement, and the requests that ended since the last one. */
  push(name: string, stats: Stats, served: Readonly<Served>): void {
    if (!this.#isOpen) return;
    const key = name.toLowerCase();
    const history = this.#histories.get(key) ?? createHistory(this.#intervalSeconds);
    this.#histories.set(key, history);
    this.#changed.set(key, name);
    history.push(stats, this.#clock.now(), served);
  }

  history(name: string, windowSeconds: number): StatsHistory {
    const points = this.#histories.get(name.toLowerCase())?.points(windowSeconds, this.#clock.now()) ?? [];
    return { name, window: windowSeconds, interval: this.#intervalSeconds, points };
  }

  async series(names: readonly string[], windowSeconds: number, points: number): Promise<FleetStats> {
    const until = this.#clock.now();
    const grid = { until, seconds: windowSeconds / points, points };
    const instances: InstanceSeries[] = [];
    let begun = this.#clock.elapsed();
    for (const name of names) {
      const steps = this.#histories.get(name.toLowerCase())?.steps(windowSeconds, until) ?? [];
      if (steps.length > 0) instances.push(seriesOf(name, steps, grid));
      if (this.#clock.elapsed() - begun < LONGEST_TURN_MS) continue;
      await new Promise<void>((resolve) => this.#clock.nextTurn(resolve));
      begun = this.#clock.elapsed();
    }
    return { window: windowSeconds, seconds: grid.seconds, until: new Date(until).toISOString(), instances };
  }

  /** Returns the names of the instances that were measured since the last call. */
  takeChanged(): string[] {
    const changed = this.#changed;
    this.#changed = new Map();
    return [...changed.values()];
  }

  /** The steps of an instance to keep over a restart. */
  kept(name: string): KeptSteps<Step> {
    return this.#histories.get(name.toLowerCase())?.kept() ?? { middle: [], coarse: [] };
  }

  /** Restores kept steps. Call it before {@link open}. */
  restore(name: string, kept: KeptSteps<Step>): void {
    const history = createHistory(this.#intervalSeconds);
    history.restore(kept);
    this.#histories.set(name.toLowerCase(), history);
  }

  /** Drops the history of a deleted instance: a new one with its name starts empty. */
  forget(name: string): void {
    this.#histories.delete(name.toLowerCase());
    this.#changed.delete(name.toLowerCase());
  }

  /** Moves the history of a renamed instance to its new name. */
  rename(previous: string, name: string): void {
    const history = this.#histories.get(previous.toLowerCase());
    this.forget(previous);
    if (history === undefined) return;
    this.#histories.set(name.toLowerCase(), history);
    this.#changed.set(name.toLowerCase(), name);
  }
}
