import type { Status } from '@llamactl/client';
import { waitingFor } from '../retry-note.ts';
import { onEach, type Outcome } from './many.ts';
import { pauseFor } from './settling.ts';
import type { Terminal } from '../screen/terminal.ts';

/** Longest delay that is waited for, in seconds. If the server asks for more, the request fails. */
const LONGEST_WAIT = 60;

/** Sends one request per name. When the rate limit delays them, prints one note and waits. */
export function oneByOne(
  session: { terminal: Pick<Terminal, 'note'>; signal: AbortSignal },
  act: (name: string, call: { signal: AbortSignal; retries?: number }) => Promise<{ status: Status }>,
  pause: (seconds: number, signal: AbortSignal) => Promise<void> = pauseFor,
): (names: readonly string[]) => Promise<Outcome<Status>[]> {
  const { terminal, signal } = session;
  let isSaid = false;
  const patiently = async (name: string): Promise<Status> => {
    const { ConnectionError, LlamactlError } = await import('@llamactl/client');
    for (;;) {
      try {
        return (await act(name, { signal, retries: 0 })).status;
      } catch (error) {
        const isAway = error instanceof ConnectionError && error.isUnsent;
        // Give a restarting server time to come back.
        if (isAway || (error instanceof LlamactlError && error.code === 'SHUTTING_DOWN')) {
          return (await act(name, { signal })).status;
        }
        if (!(error instanceof LlamactlError && error.status === 429)) throw error;
        const { retryAfter: wait } = error;
        if (wait === null || wait > LONGEST_WAIT) throw error;
        if (!isSaid) terminal.note(waitingFor(error));
        isSaid = true;
        await pause(Math.max(1, wait), signal);
      }
    }
  };
  return (names) => onEach(names, patiently);
}
