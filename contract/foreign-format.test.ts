import { describe, expect, it } from 'vitest';
import { foreignFormat, foreignInstance } from './foreign-format.ts';

describe('the format of a file', () => {
  it.each([
    [{ name: 'qwen', parameters: { model: 'q.gguf' } }, 'a model configuration of LocalAI', 'localai'],
    [{ name: 'qwen', backend: 'llama-cpp' }, 'a model configuration of LocalAI', 'localai'],
  ])('is recognised: %j', (values, file, page) => {
    expect(foreignFormat('', values)).toBe(
      `is ${file}, which llamactl does not read. docs/how-to/from-${page}.md lists the matching settings`,
    );
  });

  it.each([
    { backends: { 'llama-cpp': { command: 'llama-server' } } },
    { auth: { management_keys: ['k'] } },
    { server: { port: 1 }, auth: { require_inference_auth: false } },
    { instances: { max_running_instances: 4 } },
  ])('is recognised as a configuration of the Go llamactl: %j', (values) => {
    expect(foreignFormat('', values)).toBe(
      'is a configuration of the Go llamactl; to take it over: llamactl import go-llamactl FILE (docs/how-to/from-go-llamactl.md)',
    );
  });

  it('is recognised as a configuration of llama-swap, with the command that reads it', () => {
    expect(foreignFormat('', { models: { qwen: { cmd: 'llama-server --port ${PORT} -m q.gguf' } } })).toBe(
      'is a configuration of llama-swap; to take it over: llamactl import llama-swap FILE (docs/how-to/from-llama-swap.md)',
    );
  });

  it.each([
    { backend_type: 'llama_cpp', backend_options: {} },
    { name: 'a', status: 'stopped', options: { backend_type: 'llama_cpp' } },
  ])('is recognised as an instance of the Go llamactl: %j', (values) => {
    const sentence =
      'is an instance of the Go llamactl; to take it over: llamactl import go-llamactl FILE (docs/how-to/from-go-llamactl.md)';
    expect([foreignFormat('', values), foreignFormat('', [values]), foreignInstance(values)]).toEqual([
      sentence,
      sentence,
      sentence,
    ]);
  });

  it('is recognised for the settings of an instance in a request', () => {
    expect(foreignInstance({ name: 'a', options: { ctx_size: 1 } })).toBeNull();
    expect(foreignInstance({ backends: { 'llama-cpp': {} } })).toBeNull();
  });

  it.each([
    'FROM qwen3:8b',
    '# mine\n\nFROM ./q.gguf\nPARAMETER num_ctx 4096',
    'from q.gguf\nSYSTEM """hi"""',
    'SYSTEM You are a pirate.\nFROM qwen3:8b',
    '# without FROM\nPARAMETER num_ctx 512',
    'TEMPLATE """{{ .Prompt }}"""',
  ])('is recognised as a Modelfile: %j', (text) => {
    for (const values of [undefined, { 'FROM qwen3:8b SYSTEM """ Be': 'brief' }]) {
      expect(foreignFormat(text, values)).toBe(
        'is a Modelfile of Ollama; to make an instance of it: llamactl create NAME --file FILE',
      );
    }
  });

  it('takes no longer for many blank lines and comments', () => {
    expect(foreignFormat(`${'# comment\n\n'.repeat(10_000)}oops: {`, undefined)).toBeNull();
    expect(foreignFormat(`${'\n'.repeat(100_000)}from: x`, undefined)).toBeNull();
  });

  it.each([
    {},
    null,
    [],
    'text',
    { models: { dirs: ['/m'] } },
    { instances: { port_range: [1, 2] }, engines: {} },
    { engines: {}, instances: { max_running_instances: 4 } },
    { version: 1, instances: [{ name: 'a', model_path: '/m.gguf' }] },
    { name: 'a', model_path: '/m.gguf', engine: 'custom', options: { model: 'x' } },
  ])('is not recognised, because it is ours or unknown: %j', (values) => {
    expect(foreignFormat('from: x', values)).toBeNull();
  });
});
