import type { Starter } from '@llamactl/client';
import { starterCalled } from '../chat/remote-model.ts';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { shellQuoted } from '../../format/shell-words.ts';
import { isReference } from './reference-word.ts';

/** A model as Ollama names it, with a tag or without one. */
const OF_OLLAMA = /^\w[\w.-]*(?::[\w.-]+)?$/;

/** A model of Hugging Face with a prefix, as other programs write it. */
const OF_HUGGING_FACE = /^(?:hf|huggingface):(?:\/\/)?(\w[\w.-]*\/\w[\w.-]*(?::[\w.-]+)?)$/i;

/**
 * The reference that a word means: itself, or that of the starter with this name.
 *
 * @throws {Problem} when it is neither
 */
export function pulledReference(word: string, starters: readonly Pick<Starter, 'name' | 'reference'>[]): string {
  if (isReference(word)) return word;
  const starter = starterCalled(word, starters);
  if (starter !== null) return starter.reference;
  throw notReference(word);
}

/** The error for a word that is no reference, with the forms of references. */
export function notReference(word: string): Problem {
  const [, named] = OF_HUGGING_FACE.exec(word) ?? [];
  return new Problem(
    `${word} is not a reference: write org/repo:Q4_K_M, ms:org/repo, ollama:name:tag, docker:ai/name:tag or https://…/file.gguf`,
    EXIT.usage,
    [
      ...(named === undefined ? [] : [`models of Hugging Face have no prefix: llamactl pull ${shellQuoted(named)}`]),
      ...(OF_OLLAMA.test(word) ? [`from Ollama's registry: llamactl pull ollama:${word}`] : []),
      ...(word.includes(':') ? [] : [`to search the hub: llamactl models search ${shellQuoted(word)}`]),
    ],
  );
}
