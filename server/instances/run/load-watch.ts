import type { Load } from '@llamactl/contract/load';
import type { InstanceState, Launch, StartPhase } from '../life/lifecycle.ts';
import type { Mailbox } from '../life/mailbox.ts';
import type { InstanceRecord } from '../ports/instance-record.ts';
import type { LoadTimes } from '../ports/load-times.ts';
import type { Clock } from '../ports/time.ts';

/** The start of a run that is under way. */
interface Start {
  run: number;
  /** The instance's name at that time, which may stand in the command line. */
  name: string;
  /** When the start was requested, in {@link Clock.elapsed} time. */
  requestedAt: number;
  /** When the process was spawned, in the same time; `null`: not yet. */
  spawnedAt: number | null;
}

const PHASES: Readonly<Record<StartPhase, Load['phase']>> = {
  queued: 'queued',
  preparing: 'preparing',
  spawning: 'preparing',
  loading: 'loading',
  restoring: 'restoring',
};

/** Up to this part of the usual time, a load counts as evenly done; then the estimate slows down, and never reaches 1. */
const EVEN_PART = 0.9;
/** A load that took no time would make the estimate divide by zero. */
const SHORTEST_SECONDS = 0.001;

/**
 * Measures how long starts take, and estimates the progress of those under way. It learns of each change of an instance
 * through {@link look}.
 */
export class LoadWatch {
  readonly #clock: Pick<Clock, 'now' | 'elapsed'>;
  /** By id of the instance. */
  readonly #starts = new Map<string, Start>();
  readonly #times: LoadTimes;

  constructor(clock: Pick<Clock, 'now' | 'elapsed'>, times: LoadTimes) {
    this.#clock = clock;
    this.#times = times;
  }

  /** Call it after each change of an instance. */
  look({ record, state }: Pick<Mailbox, 'record' | 'state'>): void {
    const { id } = record;
    if (state.status === 'starting') {
      this.#starts.set(id, this.#startOf(record, state));
      return;
    }
    const start = this.#starts.get(id);
    if (start === undefined) return;
    this.#starts.delete(id);
    if (state.status !== 'running' || state.run.number !== start.run || start.spawnedAt === null) return;
    const took = seconds((state.run.readyAt ?? this.#clock.elapsed()) - start.spawnedAt);
    this.#times.add(ofInstance(id), took);
    if (state.run.launch !== null) this.#times.add(kindOf(id, start.name, state.run.launch), took);
  }

  /** Drops what is known of a deleted instance. */
  forget(id: string): void {
    this.#starts.delete(id);
    this.#times.forget(ofInstance(id));
  }

  /** Ids of the instances that start. */
  underWay(): string[] {
    return [...this.#starts.keys()];
  }

  /** Progress of an instance's start; `null`: it is not starting. */
  loadOf(record: Pick<InstanceRecord, 'id' | 'name'>, state: InstanceState): Load | null {
    if (state.status !== 'starting') return null;
    const { id } = record;
    const start = this.#startOf(record, state);
    const elapsed = seconds(this.#clock.elapsed() - (start.spawnedAt ?? start.requestedAt));
    const { launch } = state.run;
    // Until it is launched, the instance's own loads are the best guess.
    const usual = median(this.#times.of(launch === null ? ofInstance(id) : kindOf(id, start.name, launch)));
    const isSpawned = start.spawnedAt !== null;
    const fraction = usual === null ? null : isSpawned ? doneAfter(elapsed / Math.max(usual, SHORTEST_SECONDS)) : 0;
    return { phase: PHASES[state.phase], fraction, elapsed, usual_seconds: usual };
  }

  /** Seconds of the instance's last load; `null`: none was measured. */
  lastSeconds(id: string): number | null {
    return this.#times.of(ofInstance(id)).at(-1) ?? null;
  }

  #startOf(
    { id, name }: Pick<InstanceRecord, 'id' | 'name'>,
    { run }: Extract<InstanceState, { status: 'starting' }>,
  ): Start {
    const known = this.#starts.get(id);
    const now = this.#clock.elapsed();
    const start = known?.run === run.number ? known : { run: run.number, name, requestedAt: now, spawnedAt: null };
    if (start.spawnedAt !== null || run.startedAt === null) return start;
    // Another server may have spawned it. The clock of the day may have jumped since, so never reach before its request.
    const age = Math.max(0, this.#clock.now() - run.startedAt);
    return { ...start, spawnedAt: known === undefined ? now - age : Math.max(start.requestedAt, now - age) };
  }
}

/** The loads of one instance, whatever its options were. */
function ofInstance(id: string): string {
  return `instance ${id}`;
}

/** Equal for launches that load the same model with the same options. Ports, names and folders of instances differ. */
function kindOf(id: string, name: string, { engine, plan }: Launch): string {
  const own = new Set([String(plan.port), name]);
  const words = plan.argv.map((word) => (own.has(word) ? '' : word.replaceAll(id, '')));
  return JSON.stringify([engine, plan.command, words]);
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

/** The estimated part, 0 to 1, that is done after a part of the usual time. It goes on steadily after the usual time. */
function doneAfter(part: number): number {
  const done = part <= EVEN_PART ? part : 1 - (1 - EVEN_PART) * Math.exp((EVEN_PART - part) / (1 - EVEN_PART));
  return Math.min(0.999, Math.round(done * 1_000) / 1_000);
}

/** Rounded to milliseconds, never negative. */
function seconds(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds) / 1_000);
}
