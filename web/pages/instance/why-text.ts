import type { Evidence, Why } from '@llamactl/client';
import { phrasesText, type OwnSentence, type ServerWords } from '../../lib/server-words.ts';

/** The sentences of an explanation in the reader's language; `null`: those of the server. */
export function whySentence({ phrases }: Why, words: ServerWords | null): OwnSentence | null {
  return phrasesText(phrases, words);
}

/** The words of the server beside {@link whySentence}: the reason, or its whole sentence. */
export function wordsBeside(why: Why, words: ServerWords | null): string | null {
  return whySentence(why, words) === null ? why.sentence : (why.words ?? null);
}

/** A fact in the reader's language; `null`: that of the server, or a message without data. */
export function evidenceText({ phrase, reason }: Evidence, words: ServerWords | null): OwnSentence | null {
  const own = phrase && words?.phrase(phrase);
  if (own === undefined || own === null) return null;
  const because = reason && words?.phrase(reason);
  return because === undefined || because === null ? own : { text: `${own.text}: ${because.text}`, isWhole: true };
}
