/** Length of a window, milliseconds. */
export const WINDOW_MS = 60_000;

interface Window {
  /** In milliseconds of the counting clock. */
  startedAt: number;
  used: number;
}

/** State of a subject's window after a request. */
export interface WindowState {
  /** Requests in this window, including this one. */
  used: number;
  /** End of the window by the counting clock: later than now, by at most the length of a window. */
  endsAt: number;
}

/**
 * Counts requests in fixed windows, one for each subject, from its first request on. A clock that jumps back before the
 * start of a window ends it. So no window lasts longer than its length from now.
 *
 * With more subjects than fit, the windows nearest to their end are dropped, and their subjects begin new ones. An
 * attacker with that many addresses gains nothing beyond the addresses, and no other caller is refused because of them.
 */
export class RequestWindows {
  readonly #mostSubjects: number;
  /** By subject; in the order of their ends while the clock does not jump back. */
  readonly #windows = new Map<string, Window>();

  constructor(mostSubjects: number) {
    this.#mostSubjects = mostSubjects;
  }

  /** Number of stored windows, including ended ones. */
  get size(): number {
    return this.#windows.size;
  }

  /** @param now milliseconds of the counting clock */
  count(subject: string, now: number): WindowState {
    const current = this.#windows.get(subject);
    if (current !== undefined && !isOver(current, now)) {
      current.used += 1;
      return stateOf(current);
    }
    this.#windows.delete(subject);
    this.#makeRoom(now);
    const opened = { startedAt: now, used: 1 };
    this.#windows.set(subject, opened);
    return stateOf(opened);
  }

  /**
   * Drops ended or surplus windows. Each window is dropped once, so the cost of a request does not depend on their
   * number.
   */
  #makeRoom(now: number): void {
    for (const [subject, window] of this.#windows) {
      if (!isOver(window, now) && this.#windows.size < this.#mostSubjects) return;
      this.#windows.delete(subject);
    }
  }
}

function isOver({ startedAt }: Window, now: number): boolean {
  return now < startedAt || now >= startedAt + WINDOW_MS;
}

function stateOf({ startedAt, used }: Window): WindowState {
  return { used, endsAt: startedAt + WINDOW_MS };
}
