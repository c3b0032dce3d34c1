import type { RequestsFrame } from '@llamactl/contract/live-frames';
import type { Clock } from '../instances/ports/time.ts';
import type { Requests } from './requests.ts';

/** The requests of an instance at one moment. */
export type RequestCounts = Omit<RequestsFrame['data'], 'name' | 'tokens_per_second'>;

export interface RequestPulseDependencies {
  clock: Pick<Clock, 'after' | 'elapsed'>;
  requests: Pick<Requests, 'takeTokens'>;
  /** The requests of an instance now; `null`: no such instance. @param name Name of the instance. */
  countsOf: (name: string) => RequestCounts | null;
  /** Called after a change, at most once a tick for each instance. Must not throw. */
  onChange: (figures: RequestsFrame['data']) => void;
}

/** Time between two ticks. */
const TICK_MS = 500;
/** The speed is the mean of this many ticks: single ticks vary with the batches of an engine. */
const TICKS = 4;

/** An instance with requests, or whose figures are not back at zero. */
interface Busy {
  /** Tokens of the last ticks, oldest first. */
  tokens: number[];
  shown: RequestsFrame['data'];
  /** Whether the next tick reports the figures even if they are the same. */
  isDue: boolean;
}

/**
 * Measures requests and tokens of each instance twice a second while requests are in flight, and has no timer otherwise.
 * So a request itself costs nothing more than the check for the timer.
 */
export class RequestPulse {
  readonly #dependencies: RequestPulseDependencies;
  /** By name of the instance. */
  readonly #busy = new Map<string, Busy>();
  /** Milliseconds of the last ticks, oldest first. */
  #durations: number[] = [];
  #lastTick = 0;
  #cancel: (() => void) | null = null;
  #isClosed = false;

  constructor(dependencies: RequestPulseDependencies) {
    this.#dependencies = dependencies;
  }

  /** Call it when a request begins. */
  stir(): void {
    if (this.#cancel !== null || this.#isClosed) return;
    const { clock } = this.#dependencies;
    this.#lastTick = clock.elapsed();
    this.#durations = [];
    this.#schedule();
  }

  /** Call it when a request that an earlier process served has ended: this process did not measure it. @param name Of its instance. */
  endedElsewhere(name: string): void {
    const busy = this.#busy.get(name) ?? newlyBusy(name);
    this.#busy.set(name, { ...busy, isDue: true });
    this.stir();
  }

  /** Forgets a deleted instance. */
  forget(name: string): void {
    this.#busy.delete(name);
  }

  /** Moves the figures of a renamed instance to its new name. */
  rename(previous: string, name: string): void {
    const busy = this.#busy.get(previous);
    if (busy === undefined) return;
    this.#busy.delete(previous);
    this.#busy.set(name, { ...busy, shown: { ...busy.shown, name } });
  }

  /** Stops measuring. */
  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  #schedule(): void {
    this.#cancel = this.#dependencies.clock.after(TICK_MS, () => {
      this.#cancel = null;
      this.#tick();
      if (this.#busy.size > 0 && !this.#isClosed) this.#schedule();
    });
  }

  #tick(): void {
    const { clock, requests } = this.#dependencies;
    const now = clock.elapsed();
    this.#durations = [...this.#durations, now - this.#lastTick].slice(-TICKS);
    this.#lastTick = now;
    const tokens = requests.takeTokens();
    for (const name of tokens.keys()) if (!this.#busy.has(name)) this.#busy.set(name, newlyBusy(name));
    for (const [name, busy] of this.#busy) this.#measure(name, busy, tokens.get(name));
  }

  /** @param tokens Tokens since the last tick; absent: the instance has no request. */
  #measure(name: string, busy: Busy, tokens: number | undefined): void {
    const counts = this.#dependencies.countsOf(name);
    if (counts === null) {
      this.#busy.delete(name);
      return;
    }
    busy.tokens = [...busy.tokens, tokens ?? 0].slice(-TICKS);
    const speed = perSecond(busy.tokens, this.#durations);
    const { in_flight, waiting } = counts;
    const isOver = tokens === undefined && in_flight === 0 && waiting === 0 && speed === 0;
    const { shown } = busy;
    const hasChanged = shown.in_flight !== in_flight || shown.waiting !== waiting || shown.tokens_per_second !== speed;
    if (hasChanged || busy.isDue) {
      busy.isDue = false;
      busy.shown = { name, in_flight, waiting, tokens_per_second: speed };
      this.#dependencies.onChange(busy.shown);
    }
    if (isOver) this.#busy.delete(name);
  }
}

function newlyBusy(name: string): Busy {
  return { tokens: [], shown: { name, in_flight: 0, waiting: 0, tokens_per_second: 0 }, isDue: false };
}

/** Rounded to one decimal. */
function perSecond(tokens: readonly number[], durations: readonly number[]): number {
  const sum = (of: readonly number[]): number => of.reduce((total, each) => total + each, 0);
  const milliseconds = sum(durations);
  return milliseconds === 0 ? 0 : Math.round((sum(tokens) / milliseconds) * 10_000) / 10;
}
