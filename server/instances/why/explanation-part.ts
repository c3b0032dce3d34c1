import type { Cause } from '@llamactl/contract/cause';
import { phrase, type Phrase } from '@llamactl/contract/phrases';
import type { Remedy, Why } from '@llamactl/contract/why';
import { duration } from '../../../format/figures.ts';
import { bareReason } from './failure-cause.ts';
import { reasonPhrase } from './reason-phrase.ts';
import { givingUp, remediesFor } from './remedies.ts';
import { step } from './step.ts';
import type { WhyFacts } from './why-facts.ts';

/** An explanation without the facts behind it. */
export type Part = Pick<Why, 'sentence' | 'words' | 'cause' | 'remedies'> & { phrases: Phrase[] };

export const START: Remedy = { ...step('start', 'Start it'), operation: 'startInstance' };
export const RESTART: Remedy = { ...step('restart', 'Restart it'), operation: 'restartInstance' };
export const THEN_RESTART: Remedy = { ...RESTART, ...step('restart_then', 'Then restart it') };

/** States whose sentence ends in a reason. */
type ReasonedState =
  | 'goes_down_because'
  | 'will_restart'
  | 'blocked'
  | 'blocked_before_first_start'
  | 'blocked_after_change'
  | 'failed'
  | 'failed_before_change';

/** The steps against an obstacle, then the start, then the step for a user who gives up. */
export function mended(
  { cause, message }: { cause: Cause; message: string },
  start: Remedy,
  facts: WhyFacts,
): Remedy[] {
  return [...remediesFor(cause, message, facts), start, ...givingUp(cause, message, facts.instance)];
}

/** A state that has a reason: both as data, and the words of the reason. */
export function because(
  kind: ReasonedState,
  name: string,
  words: string,
  cause: Cause | null,
): Pick<Part, 'phrases' | 'words'> {
  return { phrases: [phrase(kind, { name }), ...reasons(words, cause)], words };
}

export function reasons(words: string, cause: Cause | null): Phrase[] {
  const reason = reasonPhrase(words, cause);
  return reason === null ? [] : [reason];
}

export function shortened(message: string): string {
  return withoutAdvice(bareReason(message));
}

export function withoutAdvice(reason: string): string {
  return reason.split('; ')[0] ?? reason;
}

export function ago(time: string, now: number): string {
  return duration(secondsSince(time, now));
}

export function secondsSince(time: string, now: number): number {
  return (now - Date.parse(time)) / 1_000;
}
