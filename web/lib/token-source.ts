/** A short token and when it ends. */
export interface ShortToken {
  token: string;
  /** RFC 3339, by the clock of the server. */
  expires_at: string;
}

/** The answer to the question for a short token. */
export type TokenAnswer = ShortToken | 'logged out' | 'accounts off';

/** Effects of a {@link TokenSource}. */
export interface TokenEffects {
  /** Gets a short token for the cookie of this browser. @throws If the server does not answer. */
  fetchToken: () => Promise<TokenAnswer>;
  /** Opens the log-in, and resolves when the user is logged in again. */
  logInAgain: () => Promise<void>;
  /** Milliseconds since the epoch. */
  now: () => number;
}

/** Seconds before its end in which a token is no longer used. */
const MARGIN = 60;
/** Seconds that each token is used at least. A token that ends earlier is refused, and then fetched again. */
const LEAST = 60;

/**
 * Owns the short token of this tab. It stands in memory only. All requests of the page ask for it, and one fetch serves
 * all that wait.
 */
export class TokenSource {
  readonly #effects: TokenEffects;
  /** `null`: none yet, or accounts are off. */
  #token: string | null = null;
  /** Milliseconds since the epoch. */
  #goodUntil = 0;
  #pending: Promise<string | null> | null = null;

  constructor(effects: TokenEffects) {
    this.#effects = effects;
  }

  /** Returns a token that is valid for another minute; `null`: accounts are off. Waits while the user logs in. */
  readonly get = (): Promise<string | null> => {
    if (this.#effects.now() < this.#goodUntil) return Promise.resolve(this.#token);
    this.#pending ??= this.#fetched().finally(() => (this.#pending = null));
    return this.#pending;
  };

  /** Forgets the token, because the user logged out. */
  forget(): void {
    this.#token = null;
    this.#goodUntil = 0;
  }

  /** Forgets a token that the server refused; `null`: it refused a request without one. A newer token stays. */
  refused(token: string | null): void {
    if (token === this.#token) this.forget();
  }

  async #fetched(): Promise<string | null> {
    for (;;) {
      const answer = await this.#effects.fetchToken();
      if (answer === 'logged out') {
        await this.#effects.logInAgain();
        continue;
      }
      this.take(answer);
      return this.#token;
    }
  }

  /** Uses an answer that was fetched elsewhere. */
  take(answer: Exclude<TokenAnswer, 'logged out'>): void {
    if (answer === 'accounts off') {
      this.#token = null;
      this.#goodUntil = Infinity;
      return;
    }
    // The clock of this device may be ahead of the server's.
    const now = this.#effects.now();
    this.#token = answer.token;
    this.#goodUntil = Math.max(now + LEAST * 1_000, Date.parse(answer.expires_at) - MARGIN * 1_000);
  }
}
