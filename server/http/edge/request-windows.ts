/** How long a window lasts, milliseconds. */
export const WINDOW_MS = 60_000;

interface Window {
  /** By the clock of the count. */
  startedAt: number;
  used: number;
}

/** Where a caller stands after a request. */
export interface WindowState {
  /** Requests of this window, this one included. */
  used: number;
  /** When the window ends, by the clock of the count: later than now, by a window's length at most. */
  endsAt: number;
}

/**
 * Counts requests in fixed windows, one for each subject, from its first request on. A clock that goes back before the
 * beginning of a window ends it, so that no window lasts for longer than its length from now.
 *
 * Of more subjects than there is room for, those whose windows are nearest to their end begin a new one. Whoever commands
 * that many addresses wins nothing by it that the addresses did not give already, and nobody is refused because of them.
 */
export class RequestWindows {
  readonly #mostSubjects: number;
  /** By subject. As long as the clock goes on, in the order in which they end. */
  readonly #windows = new Map<string, Window>();

  constructor(mostSubjects: number) {
    this.#mostSubjects = mostSubjects;
  }

  /** How many windows are kept, ended ones among them. */
  get size(): number {
    return this.#windows.size;
  }

  /** @param now milliseconds of whatever clock counts */
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

  /** Each window is dropped once, so that a request costs the same however many there are. */
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
