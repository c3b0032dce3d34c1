import { reasonOf } from '@llamactl/contract/reason';
import { plain } from './screen/text.ts';

/** Shortest wait, in seconds, that gets a note. */
const LONG_WAIT = 2;

/** A retry of a request, as the client library reports it. */
interface Retry {
  error: unknown;
  /** Seconds until the retry. */
  delay: number;
}

/**
 * Makes a listener that prints why requests wait. Many may wait at the same time, and one note is enough for them.
 *
 * @param now Milliseconds since the epoch.
 */
export function retryNote(note: (text: string) => void, now: () => number): (retry: Retry) => void {
  let saidUntil = 0;
  return ({ error, delay }) => {
    if (delay < LONG_WAIT || now() < saidUntil) return;
    saidUntil = now() + delay * 1_000;
    note(waitingFor(error));
  };
}

/** The note about a wait because of a refusal. */
export function waitingFor(error: unknown): string {
  return plain(`llamactl: ${[reasonOf(error), detailsOf(error), 'Waiting …'].filter((text) => text !== '').join(' ')}`);
}

/** Further text of a refusal, such as the setting that sets a limit; empty: none. */
function detailsOf(error: unknown): string {
  return error instanceof Error && 'details' in error && typeof error.details === 'string' ? error.details : '';
}
