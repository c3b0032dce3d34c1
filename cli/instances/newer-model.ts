import type { Instance } from '@llamactl/client';
import { shellQuoted } from '../../format/shell-words.ts';

/** Ollama names its files by their digests. */
const OF_OLLAMA = /[/\\]blobs[/\\]sha256-[0-9a-f]{64}$/;

/** Whether `import` would update the instance, because it has a name of the model. */
function hasNameOf(model: string, { name, aliases }: Instance): boolean {
  const bare = model.toLowerCase().replace(/^ollama:/, '');
  return [name, ...aliases].some((each) => [bare, `${bare}:latest`].includes(each.toLowerCase()));
}

/** Says that the library has a newer version of the model of an instance, and how to use it. `null`: it has none. */
export function newerModel(instance: Instance): string | null {
  const { name, model, newer_model_path: newer } = instance;
  if (model === undefined || newer === undefined) return null;
  const word = shellQuoted(model);
  const also =
    OF_OLLAMA.test(newer) && hasNameOf(model, instance)
      ? `; with its system prompt and parameters: llamactl import ollama ${word} --update`
      : '';
  return `the library has a newer version of ${model}; to use it: llamactl update ${name} --model ${word}${also}`;
}
