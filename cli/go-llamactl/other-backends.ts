import type { Client, CreateInstance, JsonValue } from '@llamactl/client';
import path from 'node:path';

/** A custom engine of the configuration. */
export interface CustomEngine {
  id: string;
  /** The name of its program, without a folder. */
  program: string;
  args: readonly string[];
}

/** A backend of the Go llamactl that a custom engine runs here. */
interface OtherBackend {
  /** The name of its engine in lines for the configuration file. */
  id: string;
  program: string;
  /** Words between the program and the address. */
  words: readonly string[];
  /** The variable in which it takes the key of its callers; `null`: it checks none. */
  keyVariable: string | null;
  /** The settings that name the model, for an engine without `${MODEL_PATH}`. */
  model: (model: string) => Pick<CreateInstance, 'extra_args' | 'options'>;
}

const OTHER_BACKENDS: ReadonlyMap<unknown, OtherBackend> = new Map([
  [
    'vllm',
    {
      id: 'vllm_local',
      program: 'vllm',
      words: ['serve'],
      keyVariable: 'VLLM_API_KEY',
      // `vllm serve --model` is refused by some versions.
      model: (model: string) => ({ extra_args: [model] }),
    },
  ],
  [
    'mlx_lm',
    {
      id: 'mlx_local',
      program: 'mlx_lm.server',
      words: [],
      keyVariable: null,
      model: (model: string) => ({ options: { model } }),
    },
  ],
]);

/** The arguments that give an engine its address. */
const ADDRESS = ['--host', '${HOST}', '--port', '${PORT}'] as const;

/** The engine of a backend: its name and section in `engines` of the configuration file. */
export function engineSection({
  id,
  program,
  words,
  keyVariable,
}: Pick<OtherBackend, 'id' | 'program' | 'words' | 'keyVariable'>): [string, Record<string, JsonValue>] {
  const key = keyVariable === null ? {} : { api_key_env: keyVariable };
  return [id, { kind: 'custom', command: program, args: [...words, ...ADDRESS], ...key }];
}

/** The backend with this name; `null`: no custom engine is known for it. */
export function otherBackend(name: unknown): OtherBackend | null {
  return OTHER_BACKENDS.get(name) ?? null;
}

/** The custom engines of the configuration. Empty, if we may not read it. */
export async function customEngines(client: Pick<Client, 'getConfig'>, signal: AbortSignal): Promise<CustomEngine[]> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    const { config } = await client.getConfig({ signal });
    return Object.entries(config.engines ?? {}).flatMap(([id, engine]) =>
      'kind' in engine && engine.kind === 'custom'
        ? [{ id, program: path.basename(engine.command), args: engine.args ?? [] }]
        : [],
    );
  } catch (error) {
    if (error instanceof LlamactlError && error.status === 403) return [];
    throw error;
  }
}

/** The settings that name a model for an engine, and the name by which the engine knows it. */
export function modelOf(
  { model: settingsFor }: OtherBackend,
  { id, args }: CustomEngine,
  model: string,
): Pick<CreateInstance, 'engine' | 'model_path' | 'extra_args' | 'options' | 'upstream_model'> {
  const takesPath = args.some((word) => word.includes('${MODEL_PATH}'));
  return { engine: id, upstream_model: model, ...(takesPath ? { model_path: model } : settingsFor(model)) };
}
