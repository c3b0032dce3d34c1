/** What a person reads: results on standard output, everything else on standard error. */

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/**
 * Lets the program go on when whoever read its output has gone (`llamactl serve | head`): what it does is not its output.
 * Without this, Node ends it with a stack.
 */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

/** Ends the program with a sentence instead of a stack: what is thrown here is meant for people. */
export function fail(error: unknown): never {
  note(`llamactl: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
