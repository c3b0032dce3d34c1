import { useWords } from '../../lib/language.ts';
import { number } from '../../lib/figures.ts';
import { playgroundWords } from '../../words/playground.ts';
import type { AnswerFigures } from './answer-figures.ts';

/** The figures of an answer on one line. */
export function FiguresLine({ figures }: { figures: AnswerFigures }) {
  const words = useWords(playgroundWords);
  const { tokensPerSecond: rate, firstToken, queue, prompt, tokens, promptTokens } = figures;
  return (
    <span className="figures flex min-w-0 flex-wrap gap-x-3 text-mute">
      {rate !== null && <span>{words.rate(rateText(rate))}</span>}
      {firstToken !== null && (
        <span>
          {words.firstToken(number(firstToken, 2))}
          {queue !== null && prompt !== null && ` (${words.firstTokenParts(number(queue, 2), number(prompt, 2))})`}
        </span>
      )}
      <span data-tip={promptTokens === null ? undefined : words.tokensTip(promptTokens)}>{words.tokens(tokens)}</span>
    </span>
  );
}

/** Tokens a second with one decimal while they are few. */
export function rateText(rate: number): string {
  return rate < 99.95 ? number(rate, 1) : number(rate);
}
