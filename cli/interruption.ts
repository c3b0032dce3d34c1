import type { Interruption } from '@llamactl/client';
import type { CommandLine, Session } from './command-line.ts';
import { EXIT } from './exit-status.ts';
import type { Terminal } from './terminal.ts';
import { plain } from './text.ts';

/** Something that goes on until somebody has seen enough: Ctrl-C ends it without a word. */
export async function untilInterrupted(
  commandLine: CommandLine,
  { signal }: Pick<Session, 'signal'>,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!signal.aborted) throw error;
    commandLine.endWith(EXIT.interrupted);
  }
}

/** Says once that a stream waits for its server, each time that it was lost. */
export function waitingNote(terminal: Pick<Terminal, 'note'>): (interruption: Interruption) => void {
  return ({ attempt, error }) => {
    if (attempt === 1) terminal.note(`llamactl: ${plain(error.message)} Waiting for the server …`);
  };
}
