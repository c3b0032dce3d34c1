/** How good or bad something is. */
export type Level = 'ok' | 'warning' | 'error';

/** What was found about one thing. */
export interface Finding {
  /** Of what; one or two words. */
  check: string;
  level: Level;
  message: string;
  /** What would help, one step each. */
  remedies: readonly string[];
}

/** All is well. */
export function well(check: string, message: string): Finding {
  return { check, level: 'ok', message, remedies: [] };
}

/** It works, but may not do so for long, or not as it could. */
export function doubtful(check: string, message: string, ...remedies: string[]): Finding {
  return { check, level: 'warning', message, remedies };
}

/** It does not work. */
export function wrong(check: string, message: string, ...remedies: string[]): Finding {
  return { check, level: 'error', message, remedies };
}
