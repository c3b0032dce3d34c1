import type { Client, CreateInstance, ModelDetails } from '@llamactl/client';

/** Settings that Ollama has for a model. */
export interface OllamaSettings {
  settings: Pick<CreateInstance, 'system_prompt' | 'request_defaults' | 'options'>;
  /** Parameters without a counterpart, under Ollama's names. */
  unused: string[];
}

/** Options of llama-server for parameters of Ollama, as docs/how-to/from-ollama.md lists them. */
const OPTIONS: ReadonlyMap<string, string> = new Map([
  ['num_ctx', 'ctx_size'],
  ['num_gpu', 'n_gpu_layers'],
  ['num_thread', 'threads'],
  ['num_batch', 'batch_size'],
]);

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
    const option = OPTIONS.get(name);
    if (option === undefined || typeof value !== 'number') unused.push(name);
    else if (isSet(name, value)) options[option] = value;
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

/** In Ollama, 0 means the default, but no layers on GPUs for `num_gpu`. There -1 means the default. */
function isSet(name: string, value: number): boolean {
  return Number.isSafeInteger(value) && (name === 'num_gpu' ? value >= 0 : value > 0);
}
