import type { Client, CreateInstance, ModelDetails } from '@llamactl/client';
import { parametersOfOllama } from '@llamactl/contract/ollama-options';
import { count } from '../../format/figures.ts';
import { withoutNulls } from '../instances/instance-settings.ts';
import { knownOptions } from '../instances/known-options.ts';

/** Settings that Ollama has for a model. */
export interface OllamaSettings {
  settings: Pick<CreateInstance, 'system_prompt' | 'request_defaults' | 'options'>;
  /** Parameters without a counterpart, under Ollama's names. */
  unused: string[];
  /** Says that messages begin each chat of the model in Ollama only; `null`: none does. */
  messages: string | null;
}

/** Reads the settings that Ollama has for a model of the library. */
export async function ollamaSettings(client: Client, id: string, signal: AbortSignal): Promise<OllamaSettings> {
  const model = await client.getModel(id, { signal });
  const all = settingsOf(model);
  const { options, lacking } = await knownOptions(client, all.settings.options ?? {}, signal);
  if (lacking.length === 0) return all;
  const { options: _all, ...settings } = all.settings;
  const unused = lacking.filter((name) => name in model.other_parameters);
  return { ...all, settings: { ...settings, ...withoutNulls({ options }) }, unused: [...all.unused, ...unused] };
}

function settingsOf({
  system_prompt: prompt,
  request_defaults: defaults,
  other_parameters: others,
  messages = [],
}: Pick<ModelDetails, 'system_prompt' | 'request_defaults' | 'other_parameters' | 'messages'>): OllamaSettings {
  // A server of another version may count fields of requests among the others.
  const { fields, options, unused } = parametersOfOllama(others);
  const settings = { request_defaults: { ...defaults, ...fields }, options };
  return {
    settings: { ...(prompt === null ? {} : { system_prompt: prompt }), ...withoutNulls(settings) },
    unused,
    messages: noteOf(messages.length),
  };
}

function noteOf(messages: number): string | null {
  if (messages === 0) return null;
  const has = count(messages, 'message that begins each chat', 'messages that begin each chat');
  return `the model has ${has} in Ollama: not used, programs send the conversation with each request`;
}
