/** What a person reads: results on standard output, everything else on standard error. */

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * What becomes of the program when whoever read its output has gone, as in `llamactl ps --watch | head`. Without this, Node
 * ends it with a stack.
 *
 * @param outlives Asked then: whether what it does is not its output, and goes on.
 */
export function watchReaders(outlives: () => boolean): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      // They have what they wanted: that is no failure.
      if (!outlives()) process.exit(0);
    });
  }
}

/** Ends the program with a sentence instead of a stack: what is thrown here is meant for people. */
export function fail(error: unknown): never {
  note(`llamactl: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
