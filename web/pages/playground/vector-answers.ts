import { isRecord } from '../../lib/record.ts';
import { UnreadableAnswer } from '../../lib/unreadable-answer.ts';

/** Reads the answers of engines to questions for vectors and for rankings. */

/** A document and its score, by its index in the request. */
export interface Ranked {
  index: number;
  score: number;
}

/**
 * Returns the vectors of an answer of `/v1/embeddings`, in the order of the texts.
 *
 * @throws {UnreadableAnswer} The answer has another form.
 */
export function vectorsOf(body: unknown): number[][] {
  const items = listIn(body, 'data').map((item) => ({
    index: numberIn(item, 'index'),
    vector: fieldOf(item, 'embedding'),
  }));
  return items
    .toSorted((one, other) => one.index - other.index)
    .map(({ vector }) => {
      if (!Array.isArray(vector)) throw new UnreadableAnswer('embedding');
      return vector.map(Number);
    });
}

/** Returns the documents of an answer of `/v1/rerank`, best first. @throws {UnreadableAnswer} The answer has another form. */
export function rankingOf(body: unknown): Ranked[] {
  return listIn(body, 'results')
    .map((item) => ({ index: numberIn(item, 'index'), score: numberIn(item, 'relevance_score') }))
    .toSorted((one, other) => other.score - one.score);
}

/** Returns how long the bar of each score is, 0 to 1. Scores outside of 0 to 1 fill the bars between their ends. */
export function barShares(scores: readonly number[]): number[] {
  const [least, most] = [Math.min(...scores), Math.max(...scores)];
  if (least >= 0 && most <= 1) return [...scores];
  return scores.map((score) => (most === least ? 1 : (score - least) / (most - least)));
}

function fieldOf(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}

function listIn(body: unknown, name: string): unknown[] {
  const list = fieldOf(body, name);
  if (!Array.isArray(list)) throw new UnreadableAnswer(name);
  return list;
}

function numberIn(value: unknown, name: string): number {
  const number = fieldOf(value, name);
  if (typeof number !== 'number') throw new UnreadableAnswer(name);
  return number;
}
