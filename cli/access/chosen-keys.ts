import type { Key } from '@llamactl/client';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';

/**
 * Finds keys by their ids or names, each once.
 *
 * @throws {Problem} when one of the words matches no key, or several
 */
export function chosenKeys(keys: readonly Key[], words: readonly string[]): Key[] {
  return [...new Set(words.map((word) => chosenKey(keys, word)))];
}

function chosenKey(keys: readonly Key[], word: string): Key {
  const byId = keys.find(({ id }) => id === word);
  const named = byId === undefined ? keys.filter(({ name }) => name === word) : [byId];
  const [key] = named;
  if (key === undefined)
    throw new Problem(`there is no key ${word}`, EXIT.notFound, ['to list keys: llamactl keys ls']);
  if (named.length > 1) {
    const ids = named.map(({ id, owner }) => `${id} (of ${owner})`).join(', ');
    throw new Problem(`${named.length} keys are called ${word}; give one of the ids: ${ids}`, EXIT.usage);
  }
  return key;
}
