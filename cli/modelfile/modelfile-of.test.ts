import { suggestion } from '@llamactl/server/suggestion';
import { describe, expect, it } from 'vitest';
import { sampleInstance } from '../testing/sample-instance.ts';
import { modelfileOf } from './modelfile-of.ts';
import { modelfileSettings } from './modelfile-settings.ts';
import { instructionsOf } from './modelfile-text.ts';

const BLOB = `/ollama/blobs/sha256-${'0'.repeat(64)}`;
const CODER = {
  name: 'coder',
  model_path: '/models/qwen.gguf',
  options: { ctx_size: 16_384, flash_attn: 'on', lora: ['/a.gguf', '/b.gguf'], mmproj: '/p.gguf' },
  request_defaults: { temperature: 0.3, max_tokens: 512, stop: ['###', '</s>'], response_format: { type: 'text' } },
  system_prompt: 'Answer\nwith code.',
};

describe('an instance as a Modelfile', () => {
  it('has its model, files, parameters and system prompt; the rest are comments', () => {
    expect(modelfileOf(sampleInstance(CODER), null)).toEqual([
      '# The instance coder of llamactl. In Ollama: ollama create coder -f FILE',
      'FROM /models/qwen.gguf',
      'ADAPTER /a.gguf',
      'ADAPTER /b.gguf',
      'FROM /p.gguf',
      'PARAMETER num_ctx 16384',
      'PARAMETER temperature 0.3',
      'PARAMETER num_predict 512',
      'PARAMETER stop "###"',
      'PARAMETER stop </s>',
      'SYSTEM """Answer\nwith code."""',
      '# no counterpart: option flash_attn="on"',
      '# no counterpart: request default response_format={"type":"text"}',
    ]);
  });

  it('leaves a projector out only in a comment', () => {
    const instance = sampleInstance({ name: 'a', model_path: '/m.gguf', options: { mmproj: false } });
    expect(modelfileOf(instance, null)?.slice(1)).toEqual(['FROM /m.gguf', '# no counterpart: option mmproj=false']);
  });

  it('gives the same settings when it is read', () => {
    const { options, request_defaults: defaults, system_prompt: prompt } = CODER;
    const text = modelfileOf(sampleInstance(CODER), null)?.join('\n') ?? '';
    const { settings, from, adapters, dropped } = modelfileSettings(instructionsOf(text, 'm'), 'm', suggestion);
    const { response_format: _format, ...kept } = defaults;
    expect(settings).toEqual({
      options: { ctx_size: options.ctx_size },
      request_defaults: kept,
      system_prompt: prompt,
    });
    expect(from.map(({ value }) => value)).toEqual(['/models/qwen.gguf', '/p.gguf']);
    expect(adapters.map(({ value }) => value)).toEqual(options.lora);
    expect(dropped).toEqual([]);
  });

  it.each([
    ['ollama:qwen3:8b', BLOB, 'qwen3:8b'],
    ['qwen3:8b', BLOB, 'qwen3:8b'],
    ['org/repo:Q4_K_M', '/hub/q.gguf', '/hub/q.gguf'],
  ])('names the model %s of %s as %s', (model, file, from) => {
    const [, line] = modelfileOf(sampleInstance({ name: 'a', model, model_path: file }), null) ?? [];
    expect(line).toBe(`FROM ${from}`);
  });

  it('names the load mode as Ollama does', () => {
    const lines = modelfileOf(sampleInstance({ name: 'a', model_path: '/a', options: { load_mode: 'mlock' } }), null);
    expect(lines?.slice(2)).toEqual(['PARAMETER use_mmap false', 'PARAMETER use_mlock true']);
    const other = modelfileOf(sampleInstance({ name: 'a', model_path: '/a', options: { load_mode: 'dio' } }), null);
    expect(other?.slice(2)).toEqual(['# no counterpart: option load_mode="dio"']);
  });

  describe('of a model with settings in Ollama', () => {
    const instance = sampleInstance({
      name: 'a',
      model: 'alpha:8b',
      model_path: BLOB,
      request_defaults: { temperature: 1 },
    });

    it('names the model if the instance has all of them, or Ollama a value for its default', () => {
      const options = { threads: 4, n_gpu_layers: 1 };
      const lines = modelfileOf(instance, { request_defaults: { temperature: 0.3, max_tokens: 64 }, options });
      expect(lines?.slice(1)).toEqual([
        'FROM alpha:8b',
        'PARAMETER temperature 1',
        'PARAMETER num_predict -1',
        'PARAMETER num_thread 0',
        'PARAMETER num_gpu -1',
      ]);
    });

    it('names the file if the instance lacks one of them', () => {
      const ofModel = {
        system_prompt: 'x',
        request_defaults: { top_k: 20 },
        options: { ctx_size: 512, load_mode: 'none' },
      };
      expect(modelfileOf(instance, ofModel)?.slice(1)).toEqual([
        '# alpha:8b has more settings in Ollama: SYSTEM, top_k, num_ctx, use_mmap',
        `FROM ${BLOB}`,
        'PARAMETER temperature 1',
      ]);
    });
  });

  it('does not exist without a model file', () => {
    const { model_path: _file, ...bare } = sampleInstance({ name: 'tts' });
    expect(modelfileOf(bare, null)).toBeNull();
  });
});
