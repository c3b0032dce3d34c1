import { ConnectionError, LlamactlError, ProtocolError } from './errors.ts';

/** Bound of the backoff before the first retry, in seconds. It doubles before each later one. */
const FIRST_DELAY = 0.25;
const LONGEST_DELAY = 10;
/** Longest `Retry-After`, in seconds, for which a request waits. If it is longer, the request fails at once. */
const LONGEST_RETRY_AFTER = 60;
/** Shortest wait for a rate limit, in seconds: a proxy may send `Retry-After: 0` to each of many attempts. */
const SHORTEST_LIMIT_WAIT = 1;

/** A failed attempt of a request. */
export interface Failure {
  method: string;
  error: unknown;
  /** Number of retries so far. */
  retries: number;
  /** The result of {@link isLasting}. */
  isLasting: boolean;
}

/**
 * Whether the server may have carried out a request although it answers that it is stopping. A command with `wait` goes
 * on without its caller. Settings with `apply=restart` may already be stored.
 *
 * @param target Path and query.
 */
export function isLasting(method: string, target: string): boolean {
  if (method === 'GET') return false;
  const query = new URLSearchParams(target.split('?')[1]);
  return query.get('wait') === 'true' || query.get('apply') === 'restart';
}

/**
 * Returns the seconds until a failed request is retried; `null`: no retry. A request that may have changed something is
 * never retried. Only reads are, and requests that certainly did nothing.
 *
 * @param limit Most retries.
 * @param random At least 0, less than 1.
 */
export function retryDelay(
  { method, error, retries, isLasting }: Failure,
  limit: number,
  random: number,
): number | null {
  const isReading = method === 'GET';
  if (retries >= limit || !mayRepeat(error, { isReading, isLasting })) return null;
  const asked = retryAfterOf(error);
  if (asked !== null && asked > LONGEST_RETRY_AFTER) return null;
  return (asked ?? 0) + backoff(retries, random);
}

/** Whether a rate limit refused a request, and said for how long. */
export function isRateLimited(error: unknown): boolean {
  return error instanceof LlamactlError && error.status === 429 && error.retryAfter !== null;
}

/**
 * Returns the seconds until a request that a rate limit refused is sent again; `null`: longer than it may wait.
 *
 * @param left Seconds that the request may still wait.
 * @param random At least 0, less than 1.
 */
export function rateLimitDelay(error: unknown, left: number, random: number): number | null {
  const asked = retryAfterOf(error);
  if (asked === null) return null;
  const wait = Math.max(asked, SHORTEST_LIMIT_WAIT);
  return wait > Math.min(left, LONGEST_RETRY_AFTER) ? null : wait + backoff(0, random);
}

function mayRepeat(error: unknown, { isReading, isLasting }: { isReading: boolean; isLasting: boolean }): boolean {
  if (error instanceof ConnectionError) return error.isUnsent || (isReading && error.name !== 'TimeoutError');
  if (error instanceof LlamactlError && error.status === 429) return true;
  if (error instanceof LlamactlError && isStopping(error)) return !isLasting;
  return isReading && isAway(error) && retryAfterOf(error) !== null;
}

/** Codes are in lower case under `/v1`. */
function isStopping({ code }: LlamactlError): boolean {
  return code.toUpperCase() === 'SHUTTING_DOWN';
}

/**
 * Returns the seconds until a broken stream is resumed: the server's `Retry-After`, if any, and a backoff.
 *
 * @param failures Number of failures since the last item arrived.
 */
export function resumeDelay(error: unknown, failures: number, random: number): number {
  return (retryAfterOf(error) ?? 0) + backoff(failures, random);
}

/** Whether an error is temporary: the server is away or overloaded. */
export function isPassing(error: unknown): boolean {
  return error instanceof ConnectionError || isAway(error) || (error instanceof LlamactlError && error.status === 429);
}

function isAway(error: unknown): boolean {
  if (!(error instanceof LlamactlError || error instanceof ProtocolError)) return false;
  return error.status === 502 || error.status === 503 || error.status === 504;
}

function retryAfterOf(error: unknown): number | null {
  return error instanceof LlamactlError || error instanceof ProtocolError ? error.retryAfter : null;
}

/** A random delay below a bound that doubles, so that clients that lost their server together do not return together. */
function backoff(failures: number, random: number): number {
  return random * Math.min(FIRST_DELAY * 2 ** failures, LONGEST_DELAY);
}
