import type { LeaseBook } from './lease-book.ts';
import type { Mailbox } from '../life/mailbox.ts';
import type { Clock } from '../ports.ts';

export interface IdleStopsDependencies {
  clock: Clock;
  leases: LeaseBook;
  /** `instances.idle_timeout`, seconds. */
  defaultSeconds: number;
  isPinned: (instance: string) => boolean;
  /** Nobody used it for so many seconds: it should stop, unless that has changed by then. */
  onIdle: (instance: string, seconds: number) => void;
}

/**
 * Finds who is not used any more. Only leases are use: no health check, no scrape, no look at a list counts. There is one
 * timer an instance at most; a request costs it nothing, because a timer that comes too early is set again.
 */
export class IdleStops {
  readonly #with: IdleStopsDependencies;
  readonly #timers = new Map<string, { due: number; cancel: () => void }>();
  #isClosed = false;

  constructor(dependencies: IdleStopsDependencies) {
    this.#with = dependencies;
  }

  /** To be called when an instance, its settings or its leases have changed. */
  look(mailbox: Mailbox): void {
    if (this.#isClosed) return;
    const { id } = mailbox.record;
    const { clock } = this.#with;
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

  /** Stops nothing from now on. */
  close(): void {
    this.#isClosed = true;
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #fire(mailbox: Mailbox): void {
    const due = this.#dueOf(mailbox);
    if (due !== null && due <= this.#with.clock.elapsed())
      this.#with.onIdle(mailbox.record.id, this.#secondsOf(mailbox));
    else this.look(mailbox);
  }

  /** When it will have been idle for long enough if nothing changes, of {@link Clock.elapsed}; `null`: never. */
  #dueOf({ record, state, isClosed }: Mailbox): number | null {
    const { leases, isPinned } = this.#with;
    const seconds = this.#secondsOf({ record });
    if (isClosed || state.status !== 'running' || seconds === 0 || isPinned(record.id)) return null;
    const { number, readyAt } = state.run;
    // Its end is told.
    if (leases.of(record.id, number).count > 0) return null;
    return (leases.lastUsed(record.id, number) ?? readyAt ?? 0) + seconds * 1_000;
  }

  /** 0: it may be idle for ever. */
  #secondsOf({ record }: Pick<Mailbox, 'record'>): number {
    return record.settings.idle_timeout ?? this.#with.defaultSeconds;
  }
}
