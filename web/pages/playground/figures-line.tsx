import { useWords } from '../../lib/language.ts';
import { number } from '../../lib/figures.ts';
import { playgroundWords } from '../../words/playground.ts';
import type { AnswerFigures } from './answer-figures.ts';

/** Seconds that do not show as 0.00. An instance that runs has no start. */
const LEAST_START = 0.005;

/** The figures of an answer on one line. */
export function FiguresLine({ figures }: { figures: AnswerFigures }) {
  const words = useWords(playgroundWords);
  const { tokensPerSecond: rate, firstToken, tokens, promptTokens } = figures;
  return (
    <span className="figures flex min-w-0 flex-wrap gap-x-3 text-mute">
      {rate !== null && <span>{words.rate(rateText(rate))}</span>}
      {firstToken !== null && (
        <span>
          {words.firstToken(number(firstToken, 2))}
          {partsOf(figures, words)}
        </span>
      )}
      <span data-tip={promptTokens === null ? undefined : words.tokensTip(promptTokens)}>{words.tokens(tokens)}</span>
    </span>
  );
}

/** The parts of the time to the first token, in their order; empty: they are not known. */
function partsOf({ start, queue, prompt }: AnswerFigures, words: (typeof playgroundWords)['en']): string {
  if (queue === null || prompt === null) return '';
  const read = words.promptPart(number(prompt, 2));
  if (start === undefined) return ` (${words.waitPart(number(queue, 2))}, ${read})`;
  const begun = start < LEAST_START ? [] : [words.startPart(number(start, 2))];
  return ` (${[...begun, words.queuePart(number(queue, 2)), read].join(', ')})`;
}

/** Tokens a second with one decimal while they are few. */
export function rateText(rate: number): string {
  return rate < 99.95 ? number(rate, 1) : number(rate);
}
