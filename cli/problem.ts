import { EXIT, type ExitStatus } from './exit-status.ts';

/** An error that ends the program with a message for a person. */
export class Problem extends Error {
  readonly status: ExitStatus;
  /** Hints, one line each. */
  readonly remedies: readonly string[];
  /** For programs, as in an error of the API. */
  readonly code: string;

  constructor(message: string, status: ExitStatus, remedies: readonly string[] = [], code: string = codeOf(status)) {
    super(message);
    this.name = 'Problem';
    this.status = status;
    this.remedies = remedies;
    this.code = code;
  }
}

/** An alias was given where a name is needed. Nothing was done yet. */
export class AliasUsed extends Problem {
  readonly alias: string;
  /** Name of the instance with this alias. */
  readonly instance: string;

  constructor(alias: string, instance: string) {
    const message = `${alias} is an alias; give the name of its instance: ${instance}`;
    super(message, EXIT.notFound, [], 'INSTANCE_NOT_FOUND');
    this.alias = alias;
    this.instance = instance;
  }
}

/** The code of errors with this exit status that have no code of their own. */
export function codeOf(status: ExitStatus): string {
  switch (status) {
    case EXIT.usage:
      return 'USAGE';
    case EXIT.notFound:
      return 'NOT_FOUND';
    case EXIT.notAllowed:
      return 'UNAUTHORIZED';
    case EXIT.unreachable:
      return 'UNREACHABLE';
    case EXIT.startFailed:
      return 'START_FAILED';
    case EXIT.interrupted:
      return 'INTERRUPTED';
    case EXIT.ok:
    case EXIT.failed:
      return 'FAILED';
  }
}
