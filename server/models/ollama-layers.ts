import { ollamaParameter } from '@llamactl/contract/ollama-options';
import { RequestDefaultsSchema, SystemPromptSchema } from '@llamactl/contract/request-additions';
import type { ModelDetails } from '@llamactl/contract/model';
import { jsonOf, textOf } from './small-files.ts';

/** Files beside the weights of a model of Ollama, absolute; `null`: its manifest names none. */
export interface OllamaLayers {
  /** The system prompt, as text. */
  system: string | null;
  /** Parameters, as a JSON object. */
  params: string | null;
}

type LayerFacts = Pick<ModelDetails, 'system_prompt' | 'request_defaults' | 'other_parameters'>;

/** Limit for a file that may contain anything. */
const MOST_PARAMETERS = 100;

/** Reads the layers as settings of an instance. A file that is missing or damaged counts as empty. */
export async function readLayers({ system, params }: OllamaLayers): Promise<LayerFacts> {
  const text = system === null ? '' : ((await textOf(system)) ?? '').trim();
  const prompt = SystemPromptSchema.min(1).safeParse(text);
  const read = RequestDefaultsSchema.safeParse(params === null ? {} : await jsonOf(params));
  const defaults: LayerFacts['request_defaults'] = {};
  const others: LayerFacts['other_parameters'] = {};
  for (const [name, value] of Object.entries(read.data ?? {}).slice(0, MOST_PARAMETERS)) {
    const parameter = ollamaParameter(name, value);
    if (parameter !== null && 'field' in parameter && parameter.value !== null) defaults[parameter.field] = value;
    else others[name] = value;
  }
  return { system_prompt: prompt.data ?? null, request_defaults: defaults, other_parameters: others };
}
