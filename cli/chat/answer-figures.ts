import type { ChatChunk } from '@llamactl/client';
import { rateText } from '../../format/figures.ts';

/** Timestamps of an answer. Milliseconds since the epoch. */
export interface AnswerTimes {
  asked: number;
  /** `null`: no token arrived. */
  first: number | null;
  last: number;
}

/**
 * Statistics of an answer, as far as known: `19 tokens, 48 tokens/s, first token after 0.05 s; prompt 12 tokens, 4933
 * tokens/s`.
 */
export function answerFigures(
  { asked, first, last }: AnswerTimes,
  { usage, timings }: { usage?: ChatChunk['usage'] | undefined; timings?: ChatChunk['timings'] | undefined },
): string {
  const count = usage?.completion_tokens ?? figure(timings?.['predicted_n']);
  const took = first === null ? 0 : (last - first) / 1_000;
  const rate = figure(timings?.predicted_per_second) ?? (count === null || took <= 0 ? null : count / took);
  const answer = [
    ...(count === null ? [] : [`${count} tokens`]),
    ...(rate === null ? [] : [`${rateText(rate)} tokens/s`]),
    ...(first === null ? [] : [`first token after ${((first - asked) / 1_000).toFixed(2)} s`]),
  ];
  const asking = usage?.prompt_tokens ?? figure(timings?.['prompt_n']);
  const askingRate = figure(timings?.prompt_per_second);
  const question = [
    ...(asking === null ? [] : [`${asking} tokens`]),
    ...(askingRate === null ? [] : [`${rateText(askingRate)} tokens/s`]),
  ];
  return [answer.join(', '), ...(question.length === 0 ? [] : [`prompt ${question.join(', ')}`])].join('; ');
}

function figure(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
