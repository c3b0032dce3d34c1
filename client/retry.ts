import { ConnectionError, LlamactlError, ProtocolError } from './errors.ts';

/** Before the first retry; doubled before each that follows. */
const FIRST_DELAY = 0.25;
const LONGEST_DELAY = 10;
/** Whoever is told to wait for longer is told so, instead of being kept waiting. */
const LONGEST_RETRY_AFTER = 60;

/** What went wrong, and with what. */
export interface Failure {
  method: string;
  error: unknown;
  /** How often it was tried again already. */
  retries: number;
  /** As of {@link isLasting}. */
  isLasting: boolean;
}

/**
 * Whether what a request asks for may be done although the answer is that the server stops: a command that waits for its
 * outcome goes on without whoever waits, and settings that are to hold at once may be stored already.
 *
 * @param target Path and query.
 */
export function isLasting(method: string, target: string): boolean {
  if (method === 'GET') return false;
  const query = new URLSearchParams(target.split('?')[1]);
  return query.get('wait') === 'true' || query.get('apply') === 'restart';
}

/**
 * Seconds until a request that failed is sent again; `null`: it is not. A request that may have done something already is
 * never repeated: only those that read are, and those of which it is certain that nothing was done.
 *
 * @param limit How often it may be tried again.
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

function mayRepeat(error: unknown, { isReading, isLasting }: { isReading: boolean; isLasting: boolean }): boolean {
  if (error instanceof ConnectionError) return error.isUnsent || (isReading && error.name !== 'TimeoutError');
  if (error instanceof LlamactlError && error.status === 429) return true;
  if (error instanceof LlamactlError && isStopping(error)) return !isLasting;
  return isReading && isAway(error) && retryAfterOf(error) !== null;
}

/** Under `/v1` codes are in small letters. */
function isStopping({ code }: LlamactlError): boolean {
  return code.toUpperCase() === 'SHUTTING_DOWN';
}

/**
 * Seconds until a broken stream is resumed. A server that says when it will be back is believed.
 *
 * @param failures How often that failed since something came last.
 */
export function resumeDelay(error: unknown, failures: number, random: number): number {
  return (retryAfterOf(error) ?? 0) + backoff(failures, random);
}

/** Whether an error is of the kind that passes: the server is away, or has too much to do. */
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

/** Anything up to the bound that doubles: clients that lost their server together do not come back together. */
function backoff(failures: number, random: number): number {
  return random * Math.min(FIRST_DELAY * 2 ** failures, LONGEST_DELAY);
}
