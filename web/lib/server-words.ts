import type { Alert, Cause, Phrase, RefusedStart } from '@llamactl/client';
import { language } from './language.ts';
import { useStored, ValueStore } from './value-store.ts';

/** A sentence of the page for one of the server. */
export interface OwnSentence {
  text: string;
  /** Whether it says all that the server's sentence says. */
  isWhole: boolean;
}

/** The facts of an error answer that its sentence depends on. */
export interface ErrorFacts {
  code: string;
  retryAfter?: number | null;
}

/** Sentences of the server in another language. `null`: the language has none, so that the server's own is shown. */
export interface ServerWords {
  phrase(phrase: Phrase): OwnSentence | null;
  /** A cause in some words; `null`: it is not known. */
  cause(cause: Cause): string | null;
  /** The cause for which a start was refused, in some words. */
  refusal(refused: Pick<RefusedStart, 'code'>): string | null;
  error(facts: ErrorFacts): OwnSentence | null;
  alert(alert: Pick<Alert, 'code' | 'level' | 'instance' | 'cause'>): OwnSentence | null;
  /** The name of a kind of evidence. */
  evidence(what: string): string;
}

/** Several phrases as one sentence in the reader's language; `null`: the language lacks one, or there are none. */
export function phrasesText(phrases: readonly Phrase[] | undefined, words: ServerWords | null): OwnSentence | null {
  if (words === null || phrases === undefined) return null;
  const own = phrases.map((phrase) => words.phrase(phrase));
  const known = own.filter((each) => each !== null);
  if (known.length < own.length) return null;
  // A state whose reason is not among the data ends in a colon.
  const text = known
    .map((each) => each.text)
    .join(' ')
    .replace(/:$/, '.');
  return { text, isWhole: known.every(({ isWhole }) => isWhole) };
}

/** A sentence with its data in the reader's language; `null`: that of the server, which may be a reason of no known kind. */
export function ownSentence(phrase: Phrase | undefined, words: ServerWords | null): OwnSentence | null {
  if (phrase === undefined || words === null || (phrase.kind === 'unknown' && phrase.data === undefined)) return null;
  return words.phrase(phrase);
}

/** Those of the reader's language; `null`: English, which comes from the server, or not loaded yet. */
const loaded = new ValueStore<ServerWords | null>(null);

/**
 * Loads the sentences of each language when it is chosen. English readers load none.
 *
 * @param loadGerman Loads the module with the German sentences.
 */
export function followLanguage(
  loadGerman: () => Promise<{ serverWords: ServerWords }>,
  onFault: (error: unknown) => void,
): void {
  const load = (): void => {
    if (language.get() === 'en') loaded.set(null);
    else
      loadGerman().then(({ serverWords }) => {
        if (language.get() === 'de') loaded.set(serverWords);
      }, onFault);
  };
  language.subscribe(load);
  load();
}

export function useServerWords(): ServerWords | null {
  return useStored(loaded);
}

/** Like {@link useServerWords}, outside of components. */
export function serverWordsNow(): ServerWords | null {
  return loaded.get();
}

/** Sets the sentences. Only tests call it. */
export function setServerWords(words: ServerWords | null): void {
  loaded.set(words);
}
