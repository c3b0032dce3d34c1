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

/** What a stream tells of its connection. */
export interface WaitingNote {
  onInterruption: (interruption: Interruption) => void;
  onOpen: () => void;
}

/**
 * Says once that a stream waits for its server, each time that it was lost.
 *
 * @param isOpen Whether the stream is waited for already; else from the first time on that it stands: a server that
 * was never there is an error, which is told as one.
 */
export function waitingNote(
  terminal: Pick<Terminal, 'note'>,
  { isOpen }: { isOpen: boolean } = { isOpen: false },
): WaitingNote {
  /** How often it was tried to resume; that falls when it is lost anew, and need not begin with 1. */
  let tries = isOpen ? Infinity : 0;
  return {
    onInterruption: ({ attempt, error }) => {
      if (attempt <= tries) terminal.note(`llamactl: ${plain(error.message)} Waiting for the server …`);
      if (tries > 0) tries = attempt;
    },
    onOpen: () => {
      tries = Infinity;
    },
  };
}
