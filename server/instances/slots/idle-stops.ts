import type { LeaseBook } from './lease-book.ts';
import type { Mailbox } from '../life/mailbox.ts';
import type { Clock } from '../ports/time.ts';
import type { Trace } from '../ports/trace.ts';

export interface IdleStopsDependencies {
  clock: Clock;
  leases: LeaseBook;
  trace: Trace;
  /** `instances.idle_timeout`, seconds. */
  defaultSeconds: number;
  isPinned: (instance: string) => boolean;
  /**
   * Called when an instance was idle for `seconds`. The instance should stop, unless it is in use again when the stop
   * is processed.
   */
  onIdle: (instance: string, seconds: number) => void;
}

/**
 * Finds idle instances. Only leases count as use; health checks, scrapes and lists do not. Each instance has at most
 * one timer. A request does not change the timer: if the timer fires before the instance is idle long enough, it is set
 * again.
 */
export class IdleStops {
  readonly #dependencies: IdleStopsDependencies;
  readonly #timers = new Map<string, { due: number; cancel: () => void }>();
  /** When this server began, in {@link Clock.elapsed} time. It may not know the last use of a run before that. */
  readonly #begun: number;
  #isClosed = false;

  constructor(dependencies: IdleStopsDependencies) {
    this.#dependencies = dependencies;
    this.#begun = dependencies.clock.elapsed();
  }

  /** Updates the timer of an instance. Call this after a change of the instance, its settings or its leases. */
  look(mailbox: Mailbox): void {
    if (this.#isClosed) return;
    const { id } = mailbox.record;
    const { clock } = this.#dependencies;
    const due = this.#dueOf(mailbox);
    const timer = this.#timers.get(id);
    if (timer !== undefined && due !== null && timer.due <= due) return;
    timer?.cancel();
    this.#timers.delete(id);
    if (due === null) return;
    const cancel = clock.after(Math.max(0, due - clock.elapsed()), () => {
      this.#timers.delete(id);
      this.#fire(mailbox);
    });
    this.#timers.set(id, { due, cancel });
  }

  /** Cancels all timers; no instance is stopped afterwards. */
  close(): void {
    this.#isClosed = true;
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #fire(mailbox: Mailbox): void {
    const due = this.#dueOf(mailbox);
    if (due === null || due > this.#dependencies.clock.elapsed()) {
      this.look(mailbox);
      return;
    }
    const { trace, onIdle } = this.#dependencies;
    const { id } = mailbox.record;
    const seconds = this.#secondsOf(mailbox);
    if (trace.isOn) trace.note({ kind: 'idle_stop', instance: { id }, inputs: { idle_timeout: seconds } });
    onIdle(id, seconds);
  }

  /** When the instance's idle timeout ends if nothing changes, in {@link Clock.elapsed} time; `null`: never. */
  #dueOf({ record, state, isClosed }: Mailbox): number | null {
    const { leases, isPinned } = this.#dependencies;
    const seconds = this.#secondsOf({ record });
    if (isClosed || state.status !== 'running' || seconds === 0 || isPinned(record.id)) return null;
    const { number, readyAt } = state.run;
    // The end of a lease calls `look` again.
    if (leases.of(record.id, number).count > 0) return null;
    const lastUsed = leases.lastUsed(record.id, number) ?? Math.max(readyAt ?? 0, this.#begun);
    return lastUsed + seconds * 1_000;
  }

  /** The instance's idle timeout in seconds; 0: no timeout. */
  #secondsOf({ record }: Pick<Mailbox, 'record'>): number {
    return record.settings.idle_timeout ?? this.#dependencies.defaultSeconds;
  }
}
