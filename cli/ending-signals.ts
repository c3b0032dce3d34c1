/** What a signal that can end the server says. */
export type SignalMeaning = 'end' | 'at once' | 'the same';

/**
 * One wish often comes as several signals: timeout(1) and npm pass on what the terminal, or the group, was sent too; a shell
 * that closes tells its jobs what the terminal tells them.
 */
const ONE_WISH_MS = 250;

/** Reads signals that end the server, in their order. */
export class EndingSignals {
  #begunAt: number | null = null;

  /** @param now Milliseconds on a clock that only grows. */
  hear(signal: NodeJS.Signals, now: number): SignalMeaning {
    if (this.#begunAt === null) {
      this.#begunAt = now;
      return 'end';
    }
    // That a terminal is gone is nobody's impatience.
    return signal === 'SIGHUP' || now - this.#begunAt < ONE_WISH_MS ? 'the same' : 'at once';
  }
}
