import type { Finding } from '@llamactl/server/main';

/** Findings of checks that concern only this command line. Those about servers and their machines are in `server/doctor/`. */

/** Makes a finding without problems. */
export function well(check: string, message: string): Finding {
  return { check, level: 'ok', message, remedies: [] };
}

/** Makes a finding about something that works, but may fail later or could be better. @param remedies Steps, in words. */
export function doubtful(check: string, message: string, ...remedies: string[]): Finding {
  return { check, level: 'warning', message, remedies: remedies.map((label) => ({ label })) };
}

/** Makes a finding about something that does not work. @param remedies Steps, in words. */
export function wrong(check: string, message: string, ...remedies: string[]): Finding {
  return { check, level: 'error', message, remedies: remedies.map((label) => ({ label })) };
}
