import type { CommandLine, Session } from '../command-line.ts';
import { untilInterrupted } from '../interruption.ts';
import type { Streams } from './terminal.ts';

/** The keys that a terminal turns into signals, unless it is in raw mode. */
const SIGNALS: Readonly<Record<string, NodeJS.Signals>> = {
  '\u0003': 'SIGINT',
  '\u001A': 'SIGTSTP',
  '\u001C': 'SIGQUIT',
};

/** Sends a signal to the processes of this job, as the terminal would. */
type Raise = (signal: NodeJS.Signals) => void;

/**
 * Runs something that continues until Ctrl-C, as {@link untilInterrupted} does. On a terminal the key `q` also ends it,
 * with status 0.
 */
export async function untilQuit(
  commandLine: CommandLine,
  session: Session,
  act: (session: Session) => Promise<void>,
): Promise<void> {
  const { terminal } = session;
  const { stdin } = terminal.streams;
  if (!terminal.isInteractive || terminal.isJson || stdin.isTTY !== true)
    return untilInterrupted(commandLine, session, () => act(session));
  const quit = new AbortController();
  const release = hearKeys(stdin, () => quit.abort());
  try {
    const signal = AbortSignal.any([session.signal, quit.signal]);
    await untilInterrupted(commandLine, session, () => act({ ...session, signal }));
  } catch (error) {
    if (!quit.signal.aborted) throw error;
  } finally {
    release();
  }
}

/** Reads single keys until the returned function is called. @param onQuit Called at each `q`. */
export function hearKeys(stdin: Streams['stdin'], onQuit: () => void, raise: Raise = raiseInJob): () => void {
  const setRaw = (isRaw: boolean): void => void stdin.setRawMode?.(isRaw);
  const onData = (data: Buffer | string): void => {
    for (const key of data.toString()) {
      if (key === 'q' || key === 'Q') onQuit();
      const signal = SIGNALS[key];
      if (signal === undefined) continue;
      // The shell needs the usual mode while this program is suspended, and after a signal that ends it at once.
      if (signal !== 'SIGINT') setRaw(false);
      raise(signal);
    }
  };
  const onContinued = (): void => setRaw(true);
  process.on('SIGCONT', onContinued);
  setRaw(true);
  stdin.on('data', onData);
  stdin.resume();
  return () => {
    process.off('SIGCONT', onContinued);
    stdin.off('data', onData);
    setRaw(false);
    // A stream that flows keeps the program alive.
    stdin.pause();
  };
}

function raiseInJob(signal: NodeJS.Signals): void {
  process.kill(0, signal);
}
