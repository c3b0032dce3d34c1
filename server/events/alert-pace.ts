import type { Clock } from '../instances/ports/time.ts';
import { alertKey } from './alerts-left.ts';
import { isSameNews, type Announcement } from './announcement.ts';

/** A flapping alert is sent at most once in this time. */
const QUIET_MS = 60_000;

/** An alert that was sent less than {@link QUIET_MS} ago. */
interface Sent {
  last: Announcement;
  /** The newest announcement since then; `null`: none. */
  next: Announcement | null;
  cancel: () => void;
}

/** Sends a flapping alert at most once a minute. Its last state is always sent. */
export class AlertPace {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #send: (announcement: Announcement) => void;
  /** By code and instance; the alerts of the last minute. */
  readonly #recent = new Map<string, Sent>();

  constructor(clock: Pick<Clock, 'after'>, send: (announcement: Announcement) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  handle(announcement: Announcement): void {
    const key = alertKey(announcement.code, announcement.instance ?? undefined);
    const sent = this.#recent.get(key);
    if (sent === undefined) this.#start(key, announcement);
    else sent.next = announcement;
  }

  /** Sends at once the last state of each alert that still waits. */
  close(): void {
    const recent = [...this.#recent.values()];
    this.#recent.clear();
    for (const { cancel } of recent) cancel();
    for (const { last, next } of recent) if (isNews(next, last)) this.#send(next);
  }

  #start(key: string, announcement: Announcement): void {
    const cancel = this.#clock.after(QUIET_MS, () => {
      const next = this.#recent.get(key)?.next ?? null;
      this.#recent.delete(key);
      if (isNews(next, announcement)) this.#start(key, next);
    });
    this.#recent.set(key, { last: announcement, next: null, cancel });
    this.#send(announcement);
  }
}

function isNews(next: Announcement | null, last: Announcement): next is Announcement {
  return next !== null && !isSameNews(next, last);
}
