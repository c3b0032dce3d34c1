import { reasonOf } from '@llamactl/contract/reason';
import { plain } from './screen/text.ts';

/** Seconds; a shorter wait needs no word. */
const LONG_WAIT = 2;

/** A repetition of a request, as the client library reports it. */
interface Retry {
  error: unknown;
  /** Seconds until it. */
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
    note(`llamactl: ${plain(reasonOf(error))} Waiting …`);
  };
}
