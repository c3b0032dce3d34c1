import type { Ticket } from '@llamactl/contract/auth';
import { ApiError } from '@llamactl/contract/errors';
import { BoundedMap } from './bounded-map.ts';
import type { Caller } from './caller.ts';
import type { Clock, Randomness } from './auth-ports.ts';

const LIFETIME_MS = 30_000;
const TICKET_BYTES = 32;
/**
 * Most tickets of an account, enough for all tabs of a browser. Issuing one more ends the account's own oldest ticket,
 * never one of another account.
 */
const MOST_PER_ACCOUNT = 32;
const MOST = 10_000;

interface TicketsParts {
  clock: Pick<Clock, 'now' | 'elapsed'>;
  randomness: Pick<Randomness, 'token'>;
}

interface Issued {
  caller: Caller;
  /** In {@link Clock.elapsed}. */
  expiresAt: number;
}

/**
 * Tickets for one WebSocket each. A browser cannot set a header on a WebSocket, and a token in a URL would end up in
 * logs.
 */
export class Tickets {
  readonly #parts: TicketsParts;
  /** Oldest first, and so in the order of expiry. */
  readonly #issued = new BoundedMap<string, Issued>(MOST);

  constructor(parts: TicketsParts) {
    this.#parts = parts;
  }

  issue(caller: Caller): Ticket {
    const { clock, randomness } = this.#parts;
    this.#makeRoom(caller.userId);
    const ticket = randomness.token(TICKET_BYTES);
    this.#issued.set(ticket, { caller, expiresAt: clock.elapsed() + LIFETIME_MS });
    return { ticket, expires_at: new Date(clock.now() + LIFETIME_MS).toISOString() };
  }

  /**
   * Returns the caller who requested the ticket, once.
   *
   * @throws {ApiError} `UNAUTHORIZED`, also when the caller's credentials were revoked or expired meanwhile
   */
  redeem(ticket: string): Caller {
    const issued = this.#issued.delete(ticket);
    const { clock } = this.#parts;
    const isGood = issued !== undefined && issued.expiresAt > clock.elapsed() && !issued.caller.revoked.aborted;
    if (!isGood || (issued.caller.expiresAt ?? Infinity) <= clock.now()) {
      throw new ApiError(
        'UNAUTHORIZED',
        'This ticket is not known, was used or is older than 30 s; POST /api/ws/ticket makes another.',
      );
    }
    return issued.caller;
  }

  /** @param userId `null`: the callers without an account count as one */
  #makeRoom(userId: string | null): void {
    const now = this.#parts.clock.elapsed();
    const own: string[] = [];
    for (const [ticket, { caller, expiresAt }] of this.#issued.entries()) {
      if (expiresAt <= now) this.#issued.delete(ticket);
      else if (caller.userId === userId) own.push(ticket);
    }
    for (const ticket of own.slice(0, Math.max(0, own.length - MOST_PER_ACCOUNT + 1))) this.#issued.delete(ticket);
  }
}
