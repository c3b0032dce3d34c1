import type { Contexts } from '../contexts.ts';
import { isDueForRenewal, tokenLife } from './token-life.ts';

interface TokenRenewalParts {
  contexts: Contexts;
  /** The name of the context whose token it is. */
  context: string;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Asks the server for the next token; rejects when there is none to be had. */
  refresh: (token: string) => Promise<string>;
}

/** Milliseconds until a renewal that failed is tried again. */
const PAUSE = 60_000;

/**
 * The token of a context, which is replaced beside other calls once half of its life is over. Every request asks anew, so
 * that what another process has renewed counts here too: the token before it does so for half a minute only.
 */
export class TokenRenewal {
  readonly #parts: TokenRenewalParts;
  #underWay: Promise<void> | null = null;
  #notBefore = -Infinity;

  constructor(parts: TokenRenewalParts) {
    this.#parts = parts;
  }

  /** For a request; `null` after a logout. One that has expired is given too: the server is who judges. */
  token(): string | null {
    const { contexts, context, now } = this.#parts;
    const token = contexts.find(context)?.token ?? null;
    const life = token === null ? null : tokenLife(token);
    if (token !== null && life !== null && isDueForRenewal(life, now()) && now() >= this.#notBefore) {
      this.#underWay ??= this.#renew(token);
    }
    return token;
  }

  /** After the renewal, if it is time for one. */
  async fresh(): Promise<string | null> {
    this.token();
    await this.settled();
    return this.token();
  }

  /** Resolves when nothing is under way: what ends sooner loses the new token, and the old one with it. */
  async settled(): Promise<void> {
    await this.#underWay;
  }

  async #renew(token: string): Promise<void> {
    const { contexts, context, now, refresh } = this.#parts;
    try {
      const next = await refresh(token);
      const present = contexts.find(context);
      // Not after a logout, or a log-in of somebody else.
      if (present?.token === token) contexts.set(context, { ...present, token: next });
    } catch {
      // The token counts for as long again: a later call tries again, and the verb itself says what is wrong.
      this.#notBefore = now() + PAUSE;
    } finally {
      this.#underWay = null;
    }
  }
}
