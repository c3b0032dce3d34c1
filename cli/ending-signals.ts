/** The meaning of a signal that can end the server. */
export type SignalMeaning = 'end' | 'at once' | 'the same';

/**
 * Signals within this time count as one request. timeout(1) and npm forward signals that the process group already got,
 * and a closing shell and its terminal both send SIGHUP.
 */
const ONE_REQUEST_MS = 250;

/** Decides the meaning of each ending signal from its order and time. */
export class EndingSignals {
  #begunAt: number | null = null;

  /** @param now Milliseconds on a clock that only grows. */
  hear(signal: NodeJS.Signals, now: number): SignalMeaning {
    if (this.#begunAt === null) {
      this.#begunAt = now;
      return 'end';
    }
    // A closed terminal is no sign of impatience.
    return signal === 'SIGHUP' || now - this.#begunAt < ONE_REQUEST_MS ? 'the same' : 'at once';
  }
}
