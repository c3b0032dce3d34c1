import { constants } from 'node:os';
import type { Exit } from '../instances/ports/runs.ts';

const CRASHES: ReadonlyMap<string, string> = new Map([
  ['SIGSEGV', 'crashed (SIGSEGV)'],
  ['SIGBUS', 'crashed (SIGBUS)'],
  ['SIGFPE', 'crashed (SIGFPE)'],
  ['SIGABRT', 'aborted (SIGABRT)'],
  ['SIGILL', 'crashed (SIGILL): it was probably built for another processor'],
  ['SIGKILL', 'was killed by SIGKILL; if no user or program did that, the system ran out of memory'],
]);

/** The signal that ended a process; shells report it as 128 + n. */
export function signalOf({ code, signal }: Exit): string | null {
  if (signal !== null) return signal;
  const number = (code ?? 0) - 128;
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? null;
}

/** How a process ended, as text after "the engine". */
export function exitText(exit: Exit): string {
  const signal = signalOf(exit);
  if (signal !== null) return CRASHES.get(signal) ?? `was ended by ${signal}`;
  if (exit.code === null) return 'ended; its exit status is unknown';
  return exit.code === 0
    ? 'exited with status 0, although llamactl did not stop it'
    : `exited with status ${exit.code}`;
}

/** The message of the wrapper shell or the system's loader when a program could not start; `null`: none. */
export function launchFailure(lines: readonly string[]): string | null {
  for (const line of lines) {
    const wrapper = /^llamactl-exec: (?:(?:line )?\d+: )?(?:exec: )?(.+)$/.exec(line)?.[1];
    if (wrapper !== undefined) return `the engine could not be started: ${wrapper}`;
    if (
      /error while loading shared libraries: |symbol lookup error: |version `[^']+' not found|Library not loaded: /.test(
        line,
      )
    ) {
      return line.trim();
    }
  }
  return null;
}
