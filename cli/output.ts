import { reasonOf } from '@llamactl/contract/reason';

/**
 * Handles output that cannot be written: its reader is gone, as in `llamactl ps --watch | head`, or the disk is full.
 * Without this, Node ends the program with a stack trace.
 *
 * @param outlives Whether the program goes on without readers, because its output is not its purpose.
 */
export function watchReaders(outlives: () => boolean): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // The reader has all that it needs, so this is no failure.
      if (error.code === 'EPIPE') return outlives() ? undefined : process.exit(0);
      if (stream === process.stderr || outlives()) return;
      fail(new Error(`cannot write the output: ${error.message}`));
    });
  }
}

/** Ends the program with the error's message instead of a stack trace. */
export function fail(error: unknown): never {
  process.stderr.write(`llamactl: ${reasonOf(error)}\n`);
  process.exit(1);
}
