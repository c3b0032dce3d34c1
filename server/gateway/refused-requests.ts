import type { ErrorCode } from '@llamactl/contract/errors';
import type { FinishedRequest, RequestDoor } from '@llamactl/contract/requests';
import type { Clock } from '../instances/ports/time.ts';
import { LONGEST_MESSAGE, LONGEST_TEXT } from './finished-requests.ts';
import { pathOnly } from './headers.ts';

/** A request that was refused before its body was read, so its instance and model are unknown. */
export interface Refusal {
  /** The request's `X-Request-Id`. */
  id: string;
  /** Subject of a known caller; otherwise `address:` and the address, an IPv6 address as its /64. */
  caller: string;
  /** The beginning of the key of an unknown caller, which stands behind the address: `llk_3RCRoi`. `null`: it sent none. */
  key: string | null;
  door: RequestDoor;
  method: string;
  /** As received. The query is not kept. */
  path: string;
  /** The header `User-Agent`; `null`: none. */
  userAgent: string | null;
  status: number;
  code: ErrorCode;
  message: string;
}

/** How many rows are kept: some 500 KB. */
const MOST_ROWS = 500;
/** How many unknown keys of one address get a row of their own within a minute: somebody may try keys without end. */
const MOST_KEYS = 10;
const MINUTE_MS = 60_000;

/**
 * Owns the rows of refused requests, apart from those of requests that engines got: anybody on the network can be refused
 * without end, and must not push out the others. A row stands for all refusals of one caller with one code within a minute.
 * So a flood from an address takes few rows a minute, and the rows of other callers stay for hours. A restart forgets them.
 */
export class RefusedRequests {
  readonly #clock: Pick<Clock, 'now' | 'elapsed'>;
  readonly #most: number;
  /** By minute, caller and code; oldest first. */
  readonly #rows = new Map<string, FinishedRequest>();

  /** @param most How many rows are kept. */
  constructor(clock: Pick<Clock, 'now' | 'elapsed'>, most = MOST_ROWS) {
    this.#clock = clock;
    this.#most = most;
  }

  /** Oldest first. */
  all(): FinishedRequest[] {
    return [...this.#rows.values()];
  }

  /**
   * Adds a refusal to its row, or makes one.
   *
   * @param numbered Returns the id and the number of a new row.
   * @returns the id of the row that a new one replaces; `null`: none
   */
  note(refusal: Refusal, numbered: () => Pick<FinishedRequest, 'id' | 'seq'>): string | null {
    const { status, code } = refusal;
    const group = [Math.floor(this.#clock.elapsed() / MINUTE_MS), status, code].join(' ');
    const caller = this.#callerIn(group, refusal);
    const key = `${group} ${caller}`;
    const row = this.#rows.get(key);
    if (row !== undefined) {
      this.#rows.set(key, { ...row, count: (row.count ?? 1) + 1 });
      return null;
    }
    this.#rows.set(key, { ...rowOf({ ...refusal, caller }, this.#clock.now()), ...numbered() });
    return this.#rows.size <= this.#most ? null : this.#removeOldest();
  }

  /** The caller of a row: without the key if there are rows for many keys of its address already. */
  #callerIn(group: string, { caller, key }: Refusal): string {
    if (key === null) return caller;
    const named = `${caller} (${key}…)`;
    if (this.#rows.has(`${group} ${named}`)) return named;
    const others = this.#rows.keys().filter((row) => row.startsWith(`${group} ${caller} (`));
    return others.take(MOST_KEYS).toArray().length < MOST_KEYS ? named : caller;
  }

  #removeOldest(): string | null {
    const [oldest] = this.#rows;
    if (oldest === undefined) return null;
    const [key, { id }] = oldest;
    this.#rows.delete(key);
    return id;
  }
}

/** @param now Milliseconds since the epoch. */
function rowOf(refusal: Refusal, now: number): Omit<FinishedRequest, 'id' | 'seq'> {
  const { caller, door, method, path, userAgent, status, code, message } = refusal;
  const at = new Date(now).toISOString();
  return {
    caller,
    instance: null,
    model: null,
    door,
    method,
    path: pathOnly(path).slice(0, LONGEST_TEXT),
    started_at: at,
    waited: null,
    starting: 0,
    queued: 0,
    prompt_seconds: null,
    user_agent: userAgent === null ? null : userAgent.slice(0, LONGEST_TEXT),
    stream: null,
    time_to_first_token: null,
    tokens_in: null,
    cached_tokens: null,
    tokens_out: null,
    tokens_estimated: false,
    tokens_per_second: null,
    bytes_out: 0,
    outcome: 'refused',
    status,
    error: { code, message: message.slice(0, LONGEST_MESSAGE) },
    finished_at: at,
    duration: 0,
  };
}
