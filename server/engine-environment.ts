import path from 'node:path';
import { SLOT_ORDER } from './models/visible-gpus.ts';
import { inheritedEnvironment, type Environment } from './config/env.ts';

/** Returns the environment that engines inherit. The folders in which `quickstart` installs engines come last on PATH. */
export function engineEnvironment(environment: Environment, dataDirectory: string): Record<string, string> {
  const inherited = inheritedEnvironment(environment);
  return {
    // CUDA counts the fastest GPU first, the tool of NVIDIA by slots. Numbers and memory of GPUs must mean the same to both.
    CUDA_DEVICE_ORDER: SLOT_ORDER,
    ...inherited,
    PATH: [inherited['PATH'], ...installFolders(environment, dataDirectory)].filter(Boolean).join(path.delimiter),
  };
}

/**
 * The folders in which `quickstart` installs engines: that of the data directory, then that of the default one. So a server
 * with another data directory finds the engine too.
 */
export function installFolders(environment: Environment, dataDirectory: string): string[] {
  const home = environment['HOME'];
  const usual = home === undefined ? [] : [path.join(home, '.local/share/llamactl')];
  return [...new Set([dataDirectory, ...usual])].map((folder) => path.join(folder, 'engines', 'llama_cpp'));
}
