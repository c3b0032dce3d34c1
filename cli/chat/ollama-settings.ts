import type { Client, CreateInstance, JsonValue, ModelDetails } from '@llamactl/client';
import { ollamaParameter } from '@llamactl/contract/ollama-options';

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
  const fields: Record<string, JsonValue> = { ...defaults };
  const options: Record<string, number> = {};
  const unused: string[] = [];
  for (const [name, value] of Object.entries(others)) {
    const parameter = ollamaParameter(name, value);
    if (parameter === null) unused.push(name);
    else if (parameter === 'default') continue;
    else if ('option' in parameter) options[parameter.option] = Number(value);
    // A server of another version may not know that the field is one of requests.
    else fields[parameter.field] = value;
  }
  return {
    settings: {
      ...(prompt === null ? {} : { system_prompt: prompt }),
      ...(Object.keys(fields).length === 0 ? {} : { request_defaults: fields }),
      ...(Object.keys(options).length === 0 ? {} : { options }),
    },
    unused,
  };
}
