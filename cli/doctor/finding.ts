/** The severity of a finding. */
export type Level = 'ok' | 'warning' | 'error';

/** The result of one check. */
export interface Finding {
  /** The thing that was checked; one or two words. */
  check: string;
  level: Level;
  message: string;
  /** Suggested fixes, one step each. */
  remedies: readonly string[];
}

/** Makes a finding without problems. */
export function well(check: string, message: string): Finding {
  return { check, level: 'ok', message, remedies: [] };
}

/** Makes a finding about something that works, but may fail later or could be better. */
export function doubtful(check: string, message: string, ...remedies: string[]): Finding {
  return { check, level: 'warning', message, remedies };
}

/** Makes a finding about something that does not work. */
export function wrong(check: string, message: string, ...remedies: string[]): Finding {
  return { check, level: 'error', message, remedies };
}
