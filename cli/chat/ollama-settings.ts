import type { Client, CreateInstance, ModelDetails } from '@llamactl/client';
import { parametersOfOllama } from '@llamactl/contract/ollama-options';
import { withoutNulls } from '../instances/instance-settings.ts';

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
  // A server of another version may count fields of requests among the others.
  const { fields, options, unused } = parametersOfOllama(others);
  const settings = { request_defaults: { ...defaults, ...fields }, options };
  return { settings: { ...(prompt === null ? {} : { system_prompt: prompt }), ...withoutNulls(settings) }, unused };
}
