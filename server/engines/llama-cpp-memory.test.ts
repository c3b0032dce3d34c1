import { describe, expect, it } from 'vitest';
import { llamaCppMemory } from './llama-cpp-memory.ts';
import type { MemoryOptions } from '../instances/ports/memory-options.ts';

function optionsOf(words: string, environment: Record<string, string> = {}): MemoryOptions {
  return llamaCppMemory({ argv: words.split(' '), environment });
}

describe('the options that decide about memory', () => {
  it('are the defaults of llama-server without any', () => {
    expect(optionsOf('--model /m.gguf --port 8100')).toEqual({
      model: '/m.gguf',
      context: null,
      sequences: 4,
      isUnified: true,
      batch: 512,
      keys: 'f16',
      values: 'f16',
      flashAttention: true,
      fullWindow: false,
      outputsAll: false,
      gpuLayers: null,
      cpuExperts: 0,
      cacheOnGpu: true,
      reorders: true,
      isMapped: true,
      shrinks: true,
      reports: false,
      split: 'layers',
      mainGpu: 0,
      devices: null,
      picksGpus: false,
      shares: null,
      companions: [],
    });
  });

  it.each([
    ['-ngl 99 -ot exps=CPU', false],
    ['-ot exps=CUDA1', true],
    ['--device CUDA0', true],
    ['-sm row', true],
    ['-mg 1', true],
    ['-ts 3,1', true],
    ['--rpc 10.0.0.1:50052', true],
    ['-devd CUDA1', true],
    ['-mmdev CUDA1', true],
    ['-otd exps=CPU', false],
    ['-otd exps=CUDA1', true],
    ['-fitt 512', false],
    ['-fitt 512,2048', true],
  ])('say with %s whether they pick GPUs: %s', (words, picks) => {
    expect(optionsOf(words).picksGpus).toBe(picks);
  });

  it.each<[string, Partial<MemoryOptions>]>([
    ['-c 4096', { context: 4_096, shrinks: false }],
    ['--ctx-size 4096 --ctx_size 8192', { context: 8_192 }],
    ['-c 0', { context: null, shrinks: false }],
    ['--kv-unified-per-slot 1024 -np 3', { context: 3_072, sequences: 3 }],
    ['--parallel 2', { sequences: 2, isUnified: false }],
    ['-np 2 -kvu', { isUnified: true }],
    ['-kvu --no-kv-unified', { isUnified: false }],
    ['-ub 1024', { batch: 1_024 }],
    ['-b 256', { batch: 256 }],
    ['-ctk q8_0 -ctv q4_0', { keys: 'q8_0', values: 'q4_0' }],
    ['-ctk nonsense', { keys: 'f16' }],
    ['-fa off', { flashAttention: false }],
    ['--no-flash-attn', { flashAttention: false }],
    ['--log-verbosity 4', { reports: true }],
    ['--log-verbosity 4 --no-fit', { reports: false }],
    ['--log-verbosity 1', { reports: false }],
    ['--no-fit', { gpuLayers: Infinity, shrinks: false }],
    ['--flash-attn auto', { flashAttention: true }],
    ['--swa-full', { fullWindow: true }],
    ['--embeddings', { outputsAll: true }],
    ['--embeddings --pooling mean', { outputsAll: false }],
    ['--no-mmap', { isMapped: false }],
    ['--mlock', { isMapped: false }],
    ['--load-mode mmap', { isMapped: true }],
    ['-lm none', { isMapped: false }],
    ['-dev CUDA1,CUDA0', { devices: ['CUDA1', 'CUDA0'] }],
    ['-ngl 20', { gpuLayers: 20 }],
    ['-ngl all', { gpuLayers: Infinity }],
    ['-ngl auto', { gpuLayers: null }],
    ['-ngl -1', { gpuLayers: null }],
    ['--fit off', { gpuLayers: Infinity, shrinks: false }],
    ['-ngl 99 --device none', { gpuLayers: 0 }],
    ['--cpu-moe', { cpuExperts: Infinity }],
    ['-ncmoe 5', { cpuExperts: 5 }],
    ['-nkvo', { cacheOnGpu: false }],
    ['--no-repack', { reorders: false }],
    ['-sm none -mg 1', { split: 'one', mainGpu: 1 }],
    ['-ts 3,1', { shares: [3, 1] }],
    ['-ts 0,0', { shares: null }],
    ['-ts 1,x', { shares: null }],
    ['--mmproj /p.gguf --no-mmproj-offload', { companions: [{ kind: 'projector', path: '/p.gguf', onGpu: false }] }],
    ['-md /d.gguf', { companions: [{ kind: 'draft', path: '/d.gguf', onGpu: true }] }],
  ])('%s', (words, expected) => {
    expect(optionsOf(words)).toMatchObject(expected);
  });

  it('come from variables too, after the arguments', () => {
    const environment = {
      LLAMA_ARG_CTX_SIZE: '2048',
      LLAMA_ARG_KV_UNIFIED: 'false',
      LLAMA_ARG_LORA: '/a.gguf,/b.gguf',
    };
    expect(optionsOf('--port 1', environment)).toMatchObject({ context: 2_048, isUnified: false });
    expect(optionsOf('-c 4096', environment).context).toBe(4_096);
    expect(optionsOf('--port 1', environment).companions.map(({ path }) => path)).toEqual(['/a.gguf', '/b.gguf']);
  });
});
