import type { Instance } from '@llamactl/client';
import { isOllamaBlob, nameInOllama } from '@llamactl/contract/ollama-options';
import { shellQuoted } from '../../format/shell-words.ts';

/** Whether `import` would update the instance, because it has a name of the model. */
function hasNameOf(model: string, { name, aliases }: Instance): boolean {
  const bare = model.toLowerCase();
  return [name, ...aliases].some((each) => [bare, `${bare}:latest`].includes(each.toLowerCase()));
}

/** Says that the library has a newer version of the model of an instance, and how to use it. `null`: it has none. */
export function newerModel(instance: Instance): string | null {
  const { name, model, newer_model_path: newer } = instance;
  if (model === undefined || newer === undefined) return null;
  const inOllama = nameInOllama(model);
  // The same command for all instances of a model of Ollama: only one with a name of the model gets more than the file.
  const more = hasNameOf(inOllama, instance) ? ', with its system prompt and parameters' : '';
  const way = isOllamaBlob(newer)
    ? `to use it${more}: llamactl import ollama ${shellQuoted(inOllama)} --update`
    : `to use it: llamactl update ${name} --model ${shellQuoted(model)}`;
  return `the library has a newer version of ${inOllama}; ${way}`;
}
