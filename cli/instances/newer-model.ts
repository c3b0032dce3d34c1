import type { Instance } from '@llamactl/client';
import { hasNameInOllama } from '@llamactl/contract/model-names';
import { isOllamaBlob, nameInOllama } from '@llamactl/contract/ollama-options';
import { shellQuoted } from '../../format/shell-words.ts';

/** Says that the library has a newer version of the model of an instance, and how to use it. `null`: it has none. */
export function newerModel(instance: Instance): string | null {
  const { name, aliases, model, newer_model_path: newer } = instance;
  if (model === undefined || newer === undefined) return null;
  const inOllama = nameInOllama(model);
  // The same command for all instances of a model of Ollama: only one with a name of the model gets more than the file.
  const more = hasNameInOllama(model, [name, ...aliases])
    ? `, with its system prompt and parameters instead of those of ${name}`
    : '';
  const way = isOllamaBlob(newer)
    ? `to use it${more}: llamactl import ollama ${shellQuoted(inOllama)} --update`
    : `to use it: llamactl update ${name} --model ${shellQuoted(model)}`;
  return `the library has a newer version of ${inOllama}; ${way}`;
}
