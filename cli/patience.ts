import type { ClientOptions } from '@llamactl/client';
import { reasonOf } from '@llamactl/contract/reason';
import { plain } from './screen/text.ts';

/** Shortest wait, in seconds, that gets a note. */
const LONG_WAIT = 2;
/** Most seconds that one request waits for rate limits: enough for hundreds of starts at once. */
const RATE_LIMIT_WAIT = 3_600;

/** A retry of a request, as the client library reports it. */
interface Retry {
  error: unknown;
  /** Seconds until the retry. */
  delay: number;
}

/**
 * The options of a client that waits for rate limits and for servers that come back, and prints why. Many requests may wait
 * at the same time, and one note is enough for them.
 *
 * @param now Milliseconds since the epoch.
 */
export function patience(
  note: (text: string) => void,
  now: () => number,
): Required<Pick<ClientOptions, 'rateLimitWait'>> & { onRetry: (retry: Retry) => void } {
  let saidUntil = 0;
  const onRetry = ({ error, delay }: Retry): void => {
    if (delay < LONG_WAIT || now() < saidUntil) return;
    saidUntil = now() + delay * 1_000;
    note(waitingFor(error, delay));
  };
  return { onRetry, rateLimitWait: RATE_LIMIT_WAIT };
}

/** The note about a wait because of a refusal. */
function waitingFor(error: unknown, delay: number): string {
  const details = detailsOf(error);
  if (error instanceof Error && 'status' in error && error.status === 429) {
    const setting = details === '' ? '' : ` (${details.replace(/\.$/, '')})`;
    return plain(`llamactl: waits ${Math.ceil(delay)} s for the rate limit${setting}`);
  }
  return plain(`llamactl: ${[reasonOf(error), details, 'Waiting …'].filter((text) => text !== '').join(' ')}`);
}

/** Further text of a refusal, such as the setting that sets a limit; empty: none. */
function detailsOf(error: unknown): string {
  return error instanceof Error && 'details' in error && typeof error.details === 'string' ? error.details : '';
}
