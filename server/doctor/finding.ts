import type { Remedy } from '@llamactl/contract/why';

/** The severity of a finding. */
export type Level = 'ok' | 'warning' | 'error';

/** The result of one check. */
export interface Finding {
  /** The thing that was checked; one or two words. */
  check: string;
  level: Level;
  message: string;
  /** The instance that it is about; left out: none. */
  instance?: string;
  /** Suggested fixes, the best one first. */
  remedies: readonly Remedy[];
}

/** Makes a finding without problems. */
export function well(check: string, message: string): Finding {
  return { check, level: 'ok', message, remedies: [] };
}

/** Makes a finding about something that works, but may fail later or could be better. @param remedies A text is a step to do by hand. */
export function doubtful(check: string, message: string, ...remedies: (string | Remedy)[]): Finding {
  return { check, level: 'warning', message, remedies: remedies.map(remedyOf) };
}

/** Makes a finding about something that does not work. @param remedies A text is a step to do by hand. */
export function wrong(check: string, message: string, ...remedies: (string | Remedy)[]): Finding {
  return { check, level: 'error', message, remedies: remedies.map(remedyOf) };
}

/** A step that a shell command does. */
export function byCommand(label: string, command: string): Remedy {
  return { label, command };
}

/** A step that changes a key of the configuration. */
export function byConfiguration(label: string, key: string): Remedy {
  return { label, link: `configuration/${key}` };
}

function remedyOf(remedy: string | Remedy): Remedy {
  return typeof remedy === 'string' ? { label: remedy } : remedy;
}
