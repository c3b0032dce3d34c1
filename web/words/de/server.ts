import type { Alert, Cause, Phrase, RefusedStart } from '@llamactl/client';
import { duration } from '../../lib/figures.ts';
import { filled } from '../../lib/phrase-text.ts';
import type { ErrorFacts, OwnSentence, ServerWords } from '../../lib/server-words.ts';
import { ALERTS, WHOLE_ALERTS } from './alert-sentences.ts';
import { CAUSES } from './causes.ts';
import { ERRORS, LATER, WHOLE_ERRORS } from './errors.ts';
import { EVIDENCE, PHRASES, VALUES } from './phrases.ts';
import { PARTLY } from './problems.ts';
import { REASONS, WHOLE } from './reasons.ts';

/** Der Grund eines abgelehnten Starts. */
const REFUSALS: Readonly<Record<RefusedStart['code'], Cause>> = {
  MODEL_NOT_FOUND: 'model_missing',
  ENGINE_NOT_FOUND: 'engine_missing',
  PORT_IN_USE: 'port_in_use',
  CAPACITY_EXCEEDED: 'no_slot',
  DOES_NOT_FIT: 'does_not_fit',
  VALIDATION_ERROR: 'engine_missing',
  RESERVED_OPTION: 'argument',
  PRIVILEGED_OPTION: 'argument',
};

/** Die Sätze des Servers auf Deutsch, aus ihren Daten. */
export const serverWords: ServerWords = {
  phrase(phrase: Phrase): OwnSentence | null {
    const texts = lookup(PHRASES, phrase.kind);
    const found = texts === undefined ? null : filled(texts, phrase, VALUES);
    if (found === null) return null;
    const { kind } = phrase;
    const isWhole = Object.hasOwn(REASONS, kind) ? found.at === 0 && WHOLE.has(kind) : !PARTLY.has(kind);
    return { text: found.text.replaceAll('another instance', 'eine andere Instanz'), isWhole };
  },
  cause,
  refusal: ({ code }) => cause(lookup(REFUSALS, code) ?? 'unknown'),
  error({ code, retryAfter = null }: ErrorFacts): OwnSentence | null {
    const text = lookup(ERRORS, code);
    if (text === undefined) return null;
    const later = retryAfter === null ? undefined : lookup(LATER, code);
    if (later === undefined) return { text, isWhole: WHOLE_ERRORS.has(code) };
    return { text: later(duration(retryAfter)), isWhole: true };
  },
  alert({ code, level, instance = '', cause: why }: Pick<Alert, 'code' | 'level' | 'instance' | 'cause'>) {
    const sentence = lookup(ALERTS, code);
    if (sentence === undefined) return null;
    return { text: [sentence({ instance, level }), ...reasonOf(code, why)].join(' '), isWhole: WHOLE_ALERTS.has(code) };
  },
  evidence: (what) => lookup(EVIDENCE, what) ?? what,
};

function cause(known: Cause): string | null {
  return known === 'unknown' ? null : (lookup(CAUSES, known) ?? null);
}

/** Warum ein Lauf endete, wenn die Warnung es nicht schon sagt. Der letzte Text eines Grunds braucht keine Daten. */
function reasonOf(code: string, why: Cause | undefined): string[] {
  if (why === undefined || why === 'unknown' || code === 'port_clash') return [];
  return [lookup(REASONS, why) ?? []].flat().slice(-1);
}

/** A value by a key that a newer server may have made. */
function lookup<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
