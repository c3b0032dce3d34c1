import type { Contexts } from '../server/contexts.ts';
import { isDueForRenewal, tokenLife } from './token-life.ts';

interface TokenRenewalParts {
  contexts: Contexts;
  /** The context that holds the token. */
  context: string;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Requests the next token; rejects when the server gives none. */
  refresh: (token: string) => Promise<string>;
}

/** Milliseconds until a failed renewal is retried. */
const PAUSE = 60_000;

/**
 * The token of a context, renewed in the background once half of its validity is over. Every request reads it again,
 * because another process may have renewed it: the previous token stays valid for only half a minute.
 */
export class TokenRenewal {
  readonly #parts: TokenRenewalParts;
  #underWay: Promise<void> | null = null;
  #notBefore = -Infinity;

  constructor(parts: TokenRenewalParts) {
    this.#parts = parts;
  }

  /**
   * Returns the token for a request, and starts a renewal if one is due. `null` after a logout. Returns an expired
   * token too, because the server decides whether it is valid.
   */
  token(): string | null {
    const { contexts, context, now } = this.#parts;
    const token = contexts.find(context)?.token ?? null;
    const life = token === null ? null : tokenLife(token);
    if (token !== null && life !== null && isDueForRenewal(life, now()) && now() >= this.#notBefore) {
      this.#underWay ??= this.#renew(token);
    }
    return token;
  }

  /** Renews the token if that is due, then returns the current token. */
  async fresh(): Promise<string | null> {
    this.token();
    await this.settled();
    return this.token();
  }

  /** Resolves when no renewal is running. Ending the program earlier would lose the new token and the old one. */
  async settled(): Promise<void> {
    await this.#underWay;
  }

  async #renew(token: string): Promise<void> {
    const { contexts, context, now, refresh } = this.#parts;
    try {
      const next = await refresh(token);
      const present = contexts.find(context);
      // Do not overwrite a logout or a newer log-in.
      if (present?.token === token) contexts.set(context, { ...present, token: next });
    } catch {
      // The token is still valid for half its time: a later call retries, and the verb itself reports problems.
      this.#notBefore = now() + PAUSE;
    } finally {
      this.#underWay = null;
    }
  }
}
