import type { Clock } from '../instances/ports.ts';
import { tellsTheSame, type Announcement } from './announcement.ts';

/** An alert that comes and goes all the time is told this often at most. */
const QUIET_MS = 60_000;

interface Told {
  /** What happened since it was told; only the newest counts. */
  next: Announcement | null;
  cancel: () => void;
}

/** Keeps an alert that flaps from being told more than once a minute; where it ends is always told. */
export class AlertPace {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #tell: (announcement: Announcement) => void;
  /** By code and instance; those of the last minute. */
  readonly #told = new Map<string, Told>();

  constructor(clock: Pick<Clock, 'after'>, tell: (announcement: Announcement) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  hear(announcement: Announcement): void {
    const key = `${announcement.code}\0${announcement.instance ?? ''}`;
    const told = this.#told.get(key);
    if (told === undefined) this.#say(key, announcement);
    else told.next = announcement;
  }

  close(): void {
    for (const { cancel } of this.#told.values()) cancel();
    this.#told.clear();
  }

  #say(key: string, announcement: Announcement): void {
    const cancel = this.#clock.after(QUIET_MS, () => {
      const next = this.#told.get(key)?.next ?? null;
      this.#told.delete(key);
      if (next !== null && !tellsTheSame(next, announcement)) this.#say(key, next);
    });
    this.#told.set(key, { next: null, cancel });
    this.#tell(announcement);
  }
}
