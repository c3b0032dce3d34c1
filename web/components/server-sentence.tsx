import type { Phrase, Problem } from '@llamactl/client';
import type { ReactNode } from 'react';
import { errorText } from '../lib/error-text.ts';
import { ownSentence, useServerWords, type OwnSentence } from '../lib/server-words.ts';

interface ServerSentenceProps {
  /** The sentence in the reader's language; `null`: the page has none. */
  own: OwnSentence | null;
  /** The words of the server or the engine, which are English; `null`: it has none. */
  words: string | null;
}

/** A sentence of the server: the page's own and, unless that says all, the server's words, which screen readers read as English. */
export function ServerSentence({ own, words }: ServerSentenceProps) {
  if (own === null) return <span lang="en">{words}</span>;
  return (
    <>
      {own.text}
      {words !== null && !own.isWhole && (
        <>
          {' '}
          <q lang="en">{words}</q>
        </>
      )}
    </>
  );
}

/** Why a request was refused, in one or two sentences. */
export function ErrorSentence({ error }: { error: unknown }) {
  const { sentence, words } = errorText(error);
  return words === null ? sentence : <ServerSentence own={{ text: sentence, isWhole: false }} words={words} />;
}

/** Sentences of the server that come with their data: a problem, the reason of an end. */
export function PhraseSentence({ phrase, words }: { phrase: Phrase | undefined; words: string }) {
  const own = useServerWords();
  return <ServerSentence own={ownSentence(phrase, own)} words={words} />;
}

/** The sentence of a problem, for a field; `null`: the field has none. */
export function problemSentence(problem: Pick<Problem, 'message' | 'phrase'> | null): ReactNode {
  return problem === null ? null : <PhraseSentence phrase={problem.phrase} words={problem.message} />;
}
