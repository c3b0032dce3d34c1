import type { Finding as Shown } from '@llamactl/contract/doctor';
import type { Phrase } from '@llamactl/contract/phrases';
import type { Remedy } from '@llamactl/contract/why';
import type { Step } from '../instances/why/step.ts';

/** The severity of a finding. */
export type Level = 'ok' | 'warning' | 'error';

/** The result of one check. */
export interface Finding {
  /** The thing that was checked; one or two words. */
  check: string;
  level: Level;
  message: string;
  /** `message` as data; left out: a name, a path, or words of a program. */
  phrases?: readonly Phrase[];
  /** The alert that it repeats; left out: none. */
  alert?: Shown['alert'];
  /** The instance that it is about; left out: none. */
  instance?: string;
  /** Suggested fixes, the best one first. */
  remedies: readonly Remedy[];
}

/** Makes a finding without problems. */
export function well(check: string, message: string, ...phrases: Phrase[]): Finding {
  return withPhrases({ check, level: 'ok', message, remedies: [] }, ...phrases);
}

/** Makes a finding about something that works, but may fail later or could be better. @param remedies A text is a step to do by hand. */
export function doubtful(check: string, message: string, ...remedies: (string | Remedy)[]): Finding {
  return { check, level: 'warning', message, remedies: remedies.map(remedyOf) };
}

/** Makes a finding about something that does not work. @param remedies A text is a step to do by hand. */
export function wrong(check: string, message: string, ...remedies: (string | Remedy)[]): Finding {
  return { check, level: 'error', message, remedies: remedies.map(remedyOf) };
}

/** A finding with its message as data. Without phrases it is returned as it is. */
export function withPhrases(finding: Finding, ...phrases: Phrase[]): Finding {
  return phrases.length === 0 ? finding : { ...finding, phrases };
}

/** A step that a shell command does. */
export function byCommand(what: string | Step, command: string): Remedy {
  return { ...remedyOf(what), command };
}

/** A step that changes a key of the configuration. */
export function byConfiguration(what: string | Step, key: string): Remedy {
  return { ...remedyOf(what), link: `configuration/${key}` };
}

function remedyOf(remedy: string | Remedy): Remedy {
  return typeof remedy === 'string' ? { label: remedy } : remedy;
}
