/**
 * What becomes of the program when its output has nowhere to go: whoever read it has gone, as in `llamactl ps --watch | head`,
 * or the disk is full. Without this, Node ends it with a stack.
 *
 * @param outlives Asked then: whether what it does is not its output, and goes on.
 */
export function watchReaders(outlives: () => boolean): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // They have what they wanted: that is no failure.
      if (error.code === 'EPIPE') return outlives() ? undefined : process.exit(0);
      if (stream === process.stderr || outlives()) return;
      fail(new Error(`the output cannot be written: ${error.message}`));
    });
  }
}

/** Ends the program with a sentence instead of a stack: what is thrown here is meant for people. */
export function fail(error: unknown): never {
  process.stderr.write(`llamactl: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
