import { type Config, ConfigSchema } from '@llamactl/contract/config';
import type { RemoteModelsOptions } from './remote-models.ts';

/**
 * Base addresses of the servers that models come from. With the usual `models.hf_endpoint`, the variables count that move
 * llama.cpp and Hugging Face's programs, if their value is an address.
 */
export function modelEndpoints(
  config: Config['models'],
  environment: Readonly<Record<string, string | undefined>>,
): RemoteModelsOptions['endpoints'] {
  const usual = ConfigSchema.parse({}).models.hf_endpoint;
  const moved = [environment['MODEL_ENDPOINT'], environment['HF_ENDPOINT']].find(isAddress);
  const {
    hf_endpoint: hub,
    modelscope_endpoint: modelscope,
    ollama_endpoint: ollama,
    docker_endpoint: docker,
  } = config;
  return {
    hub: trimmed(hub === usual ? (moved ?? hub) : hub),
    modelscope: trimmed(modelscope),
    ollama: trimmed(ollama),
    docker: trimmed(docker),
  };
}

function isAddress(text: string | undefined): text is string {
  return text !== undefined && /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).search === '';
}

function trimmed(address: string): string {
  return address.replace(/\/+$/, '');
}
