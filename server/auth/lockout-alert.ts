import type { AlertSink, Clock } from './auth-ports.ts';

/** Lock-outs within this time of each other count as one, so that an attack raises one alert instead of hundreds. */
const QUIET_MS = 300_000;

/** Raises an alert at the first lock-out from logging in, and clears it after a quiet period. */
export class LockoutAlert {
  readonly #clock: Pick<Clock, 'elapsed' | 'after'>;
  readonly #alerts: AlertSink;
  #until = 0;
  #cancel: (() => void) | null = null;

  constructor(clock: Pick<Clock, 'elapsed' | 'after'>, alerts: AlertSink) {
    this.#clock = clock;
    this.#alerts = alerts;
  }

  /** @param until end of the lock-out, in {@link Clock.elapsed} */
  note(until: number): void {
    this.#until = Math.max(this.#until, until + QUIET_MS);
    if (this.#cancel !== null) return;
    this.#alerts.raise({
      level: 'warning',
      code: 'login_lockout',
      // Leave out the name: people sometimes type their password as the user name.
      message:
        'Logins keep failing and have to wait a minute or longer for the next try. The audit trail says where they come from.',
    });
    this.#watch();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #watch(): void {
    this.#cancel = this.#clock.after(this.#until - this.#clock.elapsed(), () => {
      this.#cancel = null;
      if (this.#clock.elapsed() < this.#until) this.#watch();
      else this.#alerts.clear('login_lockout');
    });
  }
}
