import type { Instance } from '@llamactl/client';
import { shellQuoted } from '../../format/shell-words.ts';

/** Ollama names its files by their digests. */
const OF_OLLAMA = /[/\\]blobs[/\\]sha256-[0-9a-f]{64}$/;

/** Says that the library has a newer version of the model of an instance, and how to use it. `null`: it has none. */
export function newerModel({ name, model, newer_model_path: newer }: Instance): string | null {
  if (model === undefined || newer === undefined) return null;
  const word = shellQuoted(model);
  const also = OF_OLLAMA.test(newer)
    ? `; with its system prompt and parameters: llamactl import ollama ${word} --update`
    : '';
  return `the library has a newer version of ${model}; to use it: llamactl update ${name} --model ${word}${also}`;
}
