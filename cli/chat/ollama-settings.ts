import type { Client, CreateInstance, ModelDetails } from '@llamactl/client';
import { isOllamaOptionSet, OLLAMA_OPTIONS } from '@llamactl/contract/ollama-options';

/** Settings that Ollama has for a model. */
export interface OllamaSettings {
  settings: Pick<CreateInstance, 'system_prompt' | 'request_defaults' | 'options'>;
  /** Parameters without a counterpart, under Ollama's names. */
  unused: string[];
}

/** Reads the settings that Ollama has for a model of the library. */
export async function ollamaSettings(client: Client, id: string, signal: AbortSignal): Promise<OllamaSettings> {
  return settingsOf(await client.getModel(id, { signal }));
}

function settingsOf({
  system_prompt: prompt,
  request_defaults: defaults,
  other_parameters: others,
}: Pick<ModelDetails, 'system_prompt' | 'request_defaults' | 'other_parameters'>): OllamaSettings {
  const options: Record<string, number> = {};
  const unused: string[] = [];
  for (const [name, value] of Object.entries(others)) {
    const option = OLLAMA_OPTIONS.get(name);
    if (option === undefined || typeof value !== 'number') unused.push(name);
    else if (isOllamaOptionSet(name, value)) options[option] = value;
  }
  return {
    settings: {
      ...(prompt === null ? {} : { system_prompt: prompt }),
      ...(Object.keys(defaults).length === 0 ? {} : { request_defaults: defaults }),
      ...(Object.keys(options).length === 0 ? {} : { options }),
    },
    unused,
  };
}
