import type { ExitStatus } from './exit-status.ts';

/** Ends the program with a sentence for a person. */
export class Problem extends Error {
  readonly status: ExitStatus;
  /** What would help, one step a line. */
  readonly remedies: readonly string[];

  constructor(message: string, status: ExitStatus, remedies: readonly string[] = []) {
    super(message);
    this.name = 'Problem';
    this.status = status;
    this.remedies = remedies;
  }
}
