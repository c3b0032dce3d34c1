import type { ExitStatus } from './exit-status.ts';

/** An error that ends the program with a message for a person. */
export class Problem extends Error {
  readonly status: ExitStatus;
  /** Hints, one line each. */
  readonly remedies: readonly string[];

  constructor(message: string, status: ExitStatus, remedies: readonly string[] = []) {
    super(message);
    this.name = 'Problem';
    this.status = status;
    this.remedies = remedies;
  }
}
