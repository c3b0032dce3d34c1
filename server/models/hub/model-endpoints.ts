import { type Config, ConfigSchema, EndpointSchema } from '@llamactl/contract/config';
import type { RemoteModelsOptions } from './remote-models.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Variables that move llama.cpp and Hugging Face's programs to another hub. The first one counts. */
const MOVING = ['MODEL_ENDPOINT', 'HF_ENDPOINT'];
/** Variables that set `models.hf_token`. */
const TOKEN_VARIABLES = ['LLAMACTL_MODELS_HF_TOKEN', 'LLAMACTL_MODELS_HF_TOKEN_FILE'];

/**
 * Base addresses of the servers that models come from. With the usual `models.hf_endpoint`, the variables count that move
 * llama.cpp and Hugging Face's programs, if their value could also be the setting.
 */
export function modelEndpoints(config: Config['models'], environment: Variables): RemoteModelsOptions['endpoints'] {
  return {
    hub: trimmed(hubOf(config, environment)),
    modelscope: trimmed(config.modelscope_endpoint),
    ollama: trimmed(config.ollama_endpoint),
    docker: trimmed(config.docker_endpoint),
  };
}

const SETTINGS: Readonly<Record<keyof RemoteModelsOptions['endpoints'], string>> = {
  hub: 'models.hf_endpoint',
  modelscope: 'models.modelscope_endpoint',
  ollama: 'models.ollama_endpoint',
  docker: 'models.docker_endpoint',
};

/** The setting that names the server with this origin; `null`: no setting does. */
export function endpointSetting(endpoints: RemoteModelsOptions['endpoints'], origin: string): string | null {
  const kinds = ['hub', 'modelscope', 'ollama', 'docker'] as const;
  const kind = kinds.find((each) => originOf(endpoints[each]) === origin);
  return kind === undefined ? null : SETTINGS[kind];
}

/**
 * Whether `models.hf_token` may go to the hub. A token of the configuration is not for a server that only the environment
 * names. One that comes from the environment too is.
 */
export function isTokenForHub(config: Config['models'], environment: Variables): boolean {
  const isMoved = originOf(hubOf(config, environment)) !== originOf(config.hf_endpoint);
  return !isMoved || TOKEN_VARIABLES.some((name) => (environment[name] ?? '') !== '');
}

function hubOf({ hf_endpoint: configured }: Config['models'], environment: Variables): string {
  const usual = ConfigSchema.parse({}).models.hf_endpoint;
  if (originOf(configured) !== originOf(usual)) return configured;
  return MOVING.flatMap((name) => EndpointSchema.safeParse(environment[name]).data ?? [])[0] ?? configured;
}

function originOf(address: string): string {
  return new URL(address).origin;
}

function trimmed(address: string): string {
  return address.replace(/\/+$/, '');
}
