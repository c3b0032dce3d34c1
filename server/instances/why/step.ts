import { phrase, type Phrase, type PhraseData, type PhraseKind } from '@llamactl/contract/phrases';
import type { Remedy } from '@llamactl/contract/why';

/** The step of a remedy: its text, and the same as data. */
export type Step = Pick<Remedy, 'label' | 'phrase'> & { phrase: Phrase };

/** Makes the step of a remedy. @param label The text for people, in English */
export function step<Kind extends PhraseKind>(kind: Kind, label: string, data?: PhraseData<Kind>): Step {
  return { label, phrase: phrase(kind, data) };
}

/** A remedy that changes settings. */
export function update(what: Step, body: NonNullable<Remedy['body']>): Remedy {
  return { ...what, operation: 'updateInstance', body };
}

/** A remedy that changes a key of the configuration that requests may not change. @param value A word for the value */
export function byCommandLine(what: Step, key: string, value: string): Remedy {
  return { ...what, link: `configuration/${key}`, command: `llamactl config set ${key}=${value}` };
}
