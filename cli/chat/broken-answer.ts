import type { Instance } from '@llamactl/client';
import { setTimeout as pause } from 'node:timers/promises';
import type { Session } from '../command-line.ts';

/**
 * Pauses before each look at the instance. The server notices an engine's death some 50 ms after its connections break.
 */
const LOOKS_AFTER_MS = [0, 100, 400];

/**
 * Explains in one sentence why an answer broke off: its engine has ended, or the server is unreachable.
 *
 * @param asked When the question was sent, milliseconds since the epoch.
 * @throws the signal's reason
 */
export async function whyBroken(
  { client }: Pick<Session, 'client'>,
  name: string,
  { asked, signal }: { asked: number; signal: AbortSignal },
): Promise<string> {
  const { ConnectionError, LlamactlError } = await import('@llamactl/client');
  try {
    for (const milliseconds of LOOKS_AFTER_MS) {
      await pause(milliseconds, undefined, { signal });
      const instance = await client.getInstance(name, { signal, retries: 0 });
      const ended = endOf(instance, asked);
      if (ended !== null) return `the answer broke off: ${ended}`;
    }
    return `the answer broke off although ${name} is running: was llamactl restarted?`;
  } catch (error) {
    if (signal.aborted || !(error instanceof ConnectionError || error instanceof LlamactlError)) throw error;
    const away = `the server at ${client.url} does not answer`;
    return `the answer broke off: ${error instanceof ConnectionError ? away : error.message}`;
  }
}

/** Whether the instance is stopping, or its engine has ended since the question. */
export async function hasEndedSince(
  client: Session['client'],
  name: string,
  { asked, signal }: { asked: number; signal: AbortSignal },
): Promise<boolean> {
  const { status, last_exit: last } = await client.getInstance(name, { signal });
  return status === 'stopping' || (last !== null && Date.parse(last.at) >= asked);
}

/**
 * Explains why the instance does not run, or why its engine ended since the question and runs again. `null`: neither.
 */
function endOf({ name, status, reason, last_exit: last }: Instance, since: number): string | null {
  const hasEnded = last !== null && Date.parse(last.at) >= since;
  if (status === 'running') return hasEnded ? `${last.reason}; ${name} is running again` : null;
  const why = reason?.replace(/^backoff after: /, '') ?? (hasEnded ? last.reason : null);
  return `${name} is ${status}${why === null ? '' : `: ${why}`}`;
}
