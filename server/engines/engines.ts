import type { Config } from '@llamactl/contract/config';
import type { EngineAdapter, Engines } from '../instances/ports/engine-adapter.ts';
import type { Clock } from '../instances/ports/time.ts';
import { customEngine } from './custom.ts';
import { createTextReader } from './endpoint.ts';
import { createEngineDevices } from './engine-devices.ts';
import { createFlagCatalogues } from './flag-catalogue.ts';
import { llamaCpp } from './llama-cpp.ts';
import type { FindProgram, RunTool } from './engine-ports.ts';

export interface EnginesOptions {
  /** `engines` of the configuration. */
  config: Config['engines'];
  /** `security.allow_privileged`. */
  allowPrivileged: boolean;
  /** PATH of the environment that engines inherit. */
  searchPath: string;
  runTool: RunTool;
  findProgram: FindProgram;
  clock: Pick<Clock, 'after' | 'elapsed'>;
  /** The folder for the context of an instance, by its id; `null`: no context is kept. */
  contextFolder: ((instance: string) => string) | null;
}

/** Creates the adapters of all supported engines: `llama_cpp`, `custom`, and the custom ones of the configuration. */
export function createEngines({
  config,
  allowPrivileged,
  searchPath,
  runTool,
  findProgram,
  clock,
  contextFolder,
}: EnginesOptions): Engines {
  const { llama_cpp: llamaCppConfig, vllm: _vllm, mlx: _mlx, ...configured } = config;
  const catalogues = createFlagCatalogues({ runTool, findProgram, searchPath, clock });
  const readText = createTextReader({ clock });
  const devices = createEngineDevices(runTool, clock);
  const terms = { findProgram, searchPath, allowPrivileged };
  const engines = new Map(Object.entries(configured).map(([name, { command }]) => [name, command] as const));
  const adapters = new Map<string, EngineAdapter>([
    ['llama_cpp', llamaCpp({ config: llamaCppConfig, catalogues, contextFolder, readText, devices, clock, ...terms })],
    ['custom', customEngine({ name: 'custom', config: null, ...terms })],
    ...Object.entries(configured).map(([name, own]) => [name, customEngine({ name, config: own, ...terms })] as const),
  ]);
  return {
    find: (name) => adapters.get(name) ?? null,
    names: () => [...adapters.keys()],
    parse: async (text) => {
      // Loaded late: few requests need it.
      const { parsePasted } = await import('./pasted/pasted-text.ts');
      const { catalogue } = await catalogues.load(llamaCppConfig);
      return parsePasted(text, { catalogue, allowPrivileged, command: llamaCppConfig.command, engines });
    },
  };
}
