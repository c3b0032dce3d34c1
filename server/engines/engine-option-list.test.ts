import { describe, expect, it } from 'vitest';
import { engineOptions } from './engine-option-list.ts';
import { helpCatalogue } from './fixtures/help.ts';
import { findOption } from './option-arguments.ts';

const catalogue = helpCatalogue();
const options = engineOptions(catalogue);
const optionOf = (key: string) => options.find((option) => option.key === key);

describe('engineOptions', () => {
  it('has each option under a key that finds its flag', () => {
    expect(options.length).toBeGreaterThan(40);
    const entries = options.map(({ key }) => findOption(key, catalogue)?.entry);
    expect(entries).toEqual(catalogue.entries.filter(({ removed }) => removed === null));
    expect(new Set(entries).size).toBe(entries.length);
    expect(options.map(({ key }) => key)).not.toContain('draft');
  });

  it('has what a form shows of an option', () => {
    expect(optionOf('ctx_size')).toEqual({
      key: 'ctx_size',
      flags: ['--ctx-size', '-c'],
      type: 'number',
      default: '0',
      choices: null,
      group: 'common',
      description: 'size of the prompt context (default: 0, 0 = loaded from model)',
      variables: ['LLAMA_ARG_CTX_SIZE'],
      guard: null,
    });
    expect(optionOf('temp')).toMatchObject({ type: 'number', default: '0.80', group: 'sampling' });
    expect(optionOf('flash_attn')).toMatchObject({ type: 'choice', default: 'auto', choices: ['on', 'off', 'auto'] });
    expect(optionOf('slots')).toMatchObject({ type: 'switch', default: 'enabled', group: 'example-specific' });
  });

  it.each([
    ['threads', 'number', '<num_cpus>'],
    ['poll', 'number', '50'],
    ['gpu_layers', 'text', 'auto'],
    ['cache_type_k', 'choice', 'f16'],
    ['rope_scaling', 'choice', null],
    ['tensor_split', 'list', null],
    ['control_vector_layer_range', 'list', null],
    ['samplers', 'list', 'penalties;dry;top_n_sigma;top_k;typ_p;top_p;min_p;xtc;temperature'],
    ['grammar_file', 'text', null],
    ['path', 'text', null],
    ['perf', 'switch', 'false'],
  ])('gives %s the type %s and the default %s', (key, type, usual) => {
    expect(optionOf(key)).toMatchObject({ type, default: usual });
  });

  it('says why an option is guarded', () => {
    expect(optionOf('port')?.guard).toEqual({
      kind: 'reserved',
      why: expect.stringContaining('is set by llamactl') as string,
    });
    expect(optionOf('hf_repo')?.guard?.kind).toBe('privileged');
    expect(optionOf('lora')?.guard).toBe(null);
  });
});
