import { describe, expect, it } from 'vitest';
import type { Phrase } from '@llamactl/contract/phrases';
import { helpCatalogue } from './fixtures/help.ts';
import type { SettingsProblem } from '../instances/ports/engine-adapter.ts';
import type { Settings } from '../instances/ports/instance-record.ts';
import { type FlagCatalogue, parseHelp } from './flags.ts';
import { extraArgumentWarnings, optionFaults } from './option-check.ts';

const catalogue = helpCatalogue();
const problems = (options: Settings['options'], known: FlagCatalogue | null = catalogue): SettingsProblem[] => {
  const faultOf = optionFaults(known);
  return Object.entries(options).flatMap(([key, value]) => faultOf(key, value) ?? []);
};
const messages = (options: Settings['options']): string[] =>
  problems(options).map(({ path, message }) => `${path}: ${message}`);

describe('optionFaults for options of the engine', () => {
  it('accepts their valid values', () => {
    expect(
      messages({
        threads: 4,
        context_size: 0,
        reasoning_budget: -1,
        flash_attn: true,
        perf: false,
        no_repack: true,
        cpu_strict: true,
        cache_type_k: 'q8_0',
        tensor_split: [3, 1],
        control_vector_layer_range: [1, 2],
        ngl: 'all',
        keep: '-1',
        temp: '9.5e-1',
      }),
    ).toEqual([]);
  });

  it.each(['on', 'off', 'auto', 'true', '0', 1])('pass as %s where the engine reads switches', (value) => {
    expect(messages({ flash_attn: value })).toEqual([]);
  });
});

describe('optionFaults for options that the engine would refuse', () => {
  it.each<[Settings['options'], Phrase]>([
    [{ ctx_sise: 1 }, { kind: 'unknown_option', data: { meant: 'ctx_size' } }],
    [{ qwerty: 1 }, { kind: 'unknown_option' }],
    [{ threads: 'many' }, { kind: 'needs_number', data: { value: 'many' } }],
    [{ threads: true }, { kind: 'needs_value', data: { placeholder: 'N' } }],
    [{ no_repack: 1 }, { kind: 'needs_switch' }],
  ])('have the same as data: %j', (options, phrase) => expect(problems(options)).toMatchObject([{ phrase }]));

  it.each([
    ['no_mmap', 'none'],
    ['mlock', 'mmap+mlock'],
  ])('name the value of load_mode that replaces %s', (key, mode) => {
    const withLoadMode = parseHelp('-lm,   --load-mode MODE                 model loading mode (default: auto)');
    expect(problems({ [key]: true }, withLoadMode)[0]?.message).toBe(
      `is not an option of this engine; \`load_mode: ${mode}\` replaces it`,
    );
    expect(problems({ [key]: true })[0]?.message).not.toContain('replaces it');
  });

  it.each([
    [{ ctx_siez: 1 }, 'options.ctx_siez: is not an option of this engine; did you mean `ctx_size`?'],
    [{ num_gqa: 1 }, 'options.num_gqa: is a parameter of Ollama without a counterpart here'],
    [{ num_ctx: 1 }, 'options.num_ctx: is not an option of this engine; did you mean `ctx_size`?'],
    [{ ctx: 1 }, 'options.ctx: is not an option of this engine; did you mean `ctx_size`?'],
    [{ n_ctx: 1 }, 'options.n_ctx: is not an option of this engine; did you mean `ctx_size`?'],
    [{ rope: 'linear' }, 'options.rope: is not an option of this engine; did you mean `rope_scaling`?'],
    [{ no: true }, 'options.no: is not an option of this engine'],
    [{ contex_size: 1 }, 'options.contex_size: is not an option of this engine; did you mean `context_size`?'],
    [{ entirely_unlike: 1 }, 'options.entirely_unlike: is not an option of this engine'],
    [{ perf: 'yes' }, 'options.perf: is a switch: give true or false'],
    [{ perf: [1] }, 'options.perf: is a switch: give true or false'],
    [{ no_perf: 0 }, 'options.no_perf: is a switch: give true or false'],
    [{ threads: true }, 'options.threads: needs a value: N'],
    [{ keep: false }, 'options.keep: needs a value: N'],
    [{ mmproj: true }, 'options.mmproj: needs a value: FILE'],
    [{ ctx_size: 'abc' }, 'options.ctx_size: needs a number, not "abc"'],
    [{ ctx_size: '' }, 'options.ctx_size: needs a number, not ""'],
    [{ ctx_size: '8k' }, 'options.ctx_size: needs a number, not "8k"'],
    [{ threads: '4 cores' }, 'options.threads: needs a number, not "4 cores"'],
    [{ ngl: '99%' }, 'options.ngl: needs a number or auto, all, not "99%"'],
    [{ ngl: 'most' }, 'options.ngl: needs a number or auto, all, not "most"'],
    [{ rope_scaling: 'cubic' }, 'options.rope_scaling: cannot be "cubic"; it can be none, linear, yarn'],
    [{ flash_attn: 'maybe' }, 'options.flash_attn: cannot be "maybe"; it can be on, off, auto'],
    [{ control_vector_layer_range: 3 }, 'options.control_vector_layer_range: takes 2 values: give a list [START, END]'],
    [
      { control_vector_layer_range: [1, 2, 3] },
      'options.control_vector_layer_range: takes 2 values: give a list [START, END]',
    ],
    [
      { draft_max: 5 },
      'options.draft_max: was removed from this engine: use --spec-draft-n-max or --spec-ngram-mod-n-max',
    ],
  ])('%j', (options, message) => {
    expect(messages(options)).toEqual([message]);
  });

  it('accepts false for a file beside the model, which leaves it out', () => {
    expect([{ mmproj: false }, { mm: false }, { lora: false }].flatMap(messages)).toEqual([]);
  });

  it('reports all of them, not only the first', () => {
    expect(messages({ a_b: 1, c_d: 2, threads: 1, perf: 3 })).toHaveLength(3);
  });

  it('never suggests a guarded option', () => {
    expect(messages({ hosts: 'x', ports: 1, api_keys: 'x' })).toEqual([
      'options.hosts: is not an option of this engine',
      'options.ports: is not an option of this engine',
      'options.api_keys: is not an option of this engine',
    ]);
  });
});

describe('optionFaults for twins in one body', () => {
  it('refuses them, and names the first', () => {
    expect(problems({ context_size: 1, threads: 1, ctx_size: 1 }, catalogue)).toEqual([
      {
        code: 'VALIDATION_ERROR',
        path: 'options.ctx_size',
        message: 'is the same option as `context_size`; give one of them',
        phrase: { kind: 'same_option', data: { option: 'context_size' } },
      },
    ]);
    expect(problems({ kv_offload: true, nkvo: true, no_kv_offload: true }, catalogue)).toHaveLength(2);
  });

  it("finds the seed's names without a catalogue", () => {
    expect(problems({ gpu_layers: 1, n_gpu_layers: 1 }, null)).toHaveLength(1);
    expect(problems({ gpu_layers: 1, ctx_size: 1 }, null)).toEqual([]);
  });
});

describe('extraArgumentWarnings', () => {
  it('is empty for flags that the engine knows, with their values', () => {
    const known = [
      '--temp',
      '-1',
      '-c',
      '512',
      '--perf',
      '-nkvo',
      '--samplers',
      '-top_k',
      '--control-vector-layer-range',
      '1',
      '-2',
    ];
    expect(extraArgumentWarnings(known, catalogue)).toEqual([]);
  });

  it('warns about unknown flags', () => {
    expect(extraArgumentWarnings(['--bogus', '--thread', '4', '--ctx-size=5', '--draft', '3'], catalogue)).toEqual([
      'extra_args.0: `--bogus` is not a flag of this engine',
      'extra_args.1: `--thread` is not a flag of this engine; did you mean `--threads`?',
      'extra_args.3: `--ctx-size` takes its value as an argument of its own, not after `=`',
      'extra_args.4: `--draft` was removed from this engine: use --spec-draft-n-max or --spec-ngram-mod-n-max',
    ]);
  });
});
