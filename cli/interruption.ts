import type { Interruption } from '@llamactl/client';
import type { CommandLine, Session } from './command-line.ts';
import { EXIT } from './exit-status.ts';
import type { Terminal } from './screen/terminal.ts';
import { plain } from './screen/text.ts';

/** Runs something that continues until Ctrl-C, which ends it without a message. */
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

/** Callbacks for the connection state of a stream. */
export interface WaitingNote {
  onInterruption: (interruption: Interruption) => void;
  onOpen: () => void;
}

/**
 * Prints one note each time that a stream loses its server.
 *
 * @param isOpen `true`: the server is known to run, so the first failure counts already. `false`: notes begin after the
 * first successful connection; a failure before that is an error, which the caller reports.
 */
export function waitingNote(
  terminal: Pick<Terminal, 'note'>,
  { isOpen }: { isOpen: boolean } = { isOpen: false },
): WaitingNote {
  /**
   * Number of the last failed attempt; `Infinity`: connected, 0: never connected. A number that does not grow belongs
   * to a new loss. The first one need not be 1.
   */
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
