import type { Model } from '@llamactl/client';
import { modelNames } from '@llamactl/contract/model-names';
import { missingName } from '../missing-name.ts';
import type { Problem } from '../problem.ts';
import { modelCalled } from './server-models.ts';

/**
 * The models that words name, as {@link modelCalled} finds them. A part of a name could mean another model.
 *
 * @throws {Problem} when a word names none, or several
 */
export async function modelsNamed(words: readonly string[], models: readonly Model[]): Promise<Model[]> {
  const named = words.map((word) => modelCalled(word, models) ?? word);
  const missing = named.find((each) => typeof each === 'string');
  if (missing !== undefined) throw await noModel(missing, models);
  return named.filter((each) => typeof each !== 'string');
}

/** The error for a word that no model matches. */
export function noModel(word: string, models: readonly Model[]): Promise<Problem> {
  const names = models.flatMap(modelNames);
  return missingName({ kind: 'model', word, names, list: 'to list models: llamactl models' });
}
