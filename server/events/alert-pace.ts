import type { Clock } from '../instances/ports.ts';
import { alertKey } from './alerts-left.ts';
import { tellsTheSame, type Announcement } from './announcement.ts';

/** An alert that comes and goes all the time is told this often at most. */
const QUIET_MS = 60_000;

interface Told {
  said: Announcement;
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
    const key = alertKey(announcement.code, announcement.instance ?? undefined);
    const told = this.#told.get(key);
    if (told === undefined) this.#say(key, announcement);
    else told.next = announcement;
  }

  /** Tells where all ended, without waiting for their time. */
  close(): void {
    const told = [...this.#told.values()];
    this.#told.clear();
    for (const { cancel } of told) cancel();
    for (const { said, next } of told) if (isNews(next, said)) this.#tell(next);
  }

  #say(key: string, announcement: Announcement): void {
    const cancel = this.#clock.after(QUIET_MS, () => {
      const next = this.#told.get(key)?.next ?? null;
      this.#told.delete(key);
      if (isNews(next, announcement)) this.#say(key, next);
    });
    this.#told.set(key, { said: announcement, next: null, cancel });
    this.#tell(announcement);
  }
}

function isNews(next: Announcement | null, said: Announcement): next is Announcement {
  return next !== null && !tellsTheSame(next, said);
}
