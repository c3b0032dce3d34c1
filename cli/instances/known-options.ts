import type { Client, CreateInstance } from '@llamactl/client';
import { LOAD_MODE, OLLAMA_SWITCHES } from '@llamactl/contract/ollama-options';

/** Options for parameters of Ollama that older builds of llama-server lack, with the names in Ollama. */
const NEW_OPTIONS: ReadonlyMap<string, readonly string[]> = new Map([
  [LOAD_MODE, OLLAMA_SWITCHES],
  ['spec_draft_n_max', ['draft_num_predict']],
]);

type Options = NonNullable<CreateInstance['options']>;

/** Options that the engine has, and parameters of Ollama whose options it lacks. */
export interface KnownOptions {
  options: Options;
  lacking: string[];
}

/** Leaves out options that the llama-server of this machine is too old for. Asks for its options only if one may be. */
export async function knownOptions(
  client: Pick<Client, 'getEngineOptions'>,
  options: Options,
  signal: AbortSignal,
): Promise<KnownOptions> {
  const doubtful = Object.keys(options).filter((key) => NEW_OPTIONS.has(key));
  if (doubtful.length === 0) return { options, lacking: [] };
  const known = await engineOptions(client, signal);
  const lacking = known.size === 0 ? [] : doubtful.filter((key) => !known.has(key));
  return {
    options: Object.fromEntries(Object.entries(options).filter(([key]) => !lacking.includes(key))),
    lacking: lacking.flatMap((key) => NEW_OPTIONS.get(key) ?? []),
  };
}

/** Answers by their clients: an import asks for many models, and the requests of a minute are limited. */
const answers = new WeakMap<object, Promise<ReadonlySet<string>>>();

function engineOptions(client: Pick<Client, 'getEngineOptions'>, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const answer = answers.get(client) ?? askedOptions(client, signal);
  answers.set(client, answer);
  return answer;
}

/** Empty: the engine is missing, its help cannot be read, or we may not ask. */
async function askedOptions(
  client: Pick<Client, 'getEngineOptions'>,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    const { options } = await client.getEngineOptions('llama_cpp', { signal });
    return new Set(options.map(({ key }) => key));
  } catch (error) {
    if (error instanceof LlamactlError) return new Set();
    throw error;
  }
}
