import type { AlertSink, Clock } from './ports.ts';

/** A lock-out that is followed by the next within this is the same one, so that an attack raises one alert and not hundreds. */
const QUIET_MS = 300_000;

/** Says that somebody is being kept from logging in, from the first lock-out until it has been quiet for a while. */
export class LockoutAlert {
  readonly #clock: Pick<Clock, 'elapsed' | 'after'>;
  readonly #alerts: AlertSink;
  #until = 0;
  #cancel: (() => void) | null = null;

  constructor(clock: Pick<Clock, 'elapsed' | 'after'>, alerts: AlertSink) {
    this.#clock = clock;
    this.#alerts = alerts;
  }

  /** @param until when the lock-out is over, of {@link Clock.elapsed} */
  note(until: number): void {
    this.#until = Math.max(this.#until, until + QUIET_MS);
    if (this.#cancel !== null) return;
    this.#alerts.raise({
      level: 'warning',
      code: 'login_lockout',
      // No name: what is typed as a user name may be a password.
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
