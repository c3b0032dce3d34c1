import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { helpCatalogue } from './fixtures/help.ts';
import { optionArguments, plainNumber, withoutTwins } from './option-arguments.ts';

const catalogue = helpCatalogue();

describe('optionArguments', () => {
  it('writes numbers and texts after the flag, also zero and negative ones', () => {
    expect(
      optionArguments({ threads: 4, ctx_size: 0, reasoning_budget: -1, temp: 0.25, cache_type_k: 'q8_0' }, catalogue),
    ).toEqual([
      '--threads',
      '4',
      '--ctx-size',
      '0',
      '--reasoning-budget',
      '-1',
      '--temp',
      '0.25',
      '--cache-type-k',
      'q8_0',
    ]);
  });

  it('keeps the order of the options', () => {
    expect(optionArguments({ temp: 1, threads: 2 }, catalogue)).toEqual(['--temp', '1', '--threads', '2']);
    expect(optionArguments({ threads: 2, temp: 1 }, catalogue)).toEqual(['--threads', '2', '--temp', '1']);
  });

  it("accepts the seed's names and short spellings", () => {
    expect(optionArguments({ context_size: 512 }, catalogue)).toEqual(['--ctx-size', '512']);
    expect(optionArguments({ gpu_layers: 0 }, catalogue)).toEqual(['--gpu-layers', '0']);
    expect(optionArguments({ ngl: 'all', c: 5 }, catalogue)).toEqual(['-ngl', 'all', '-c', '5']);
  });

  it.each([
    [{ perf: true }, ['--perf']],
    [{ perf: false }, ['--no-perf']],
    [{ no_perf: true }, ['--no-perf']],
    [{ no_perf: false }, ['--perf']],
    [{ kvo: false }, ['--no-kv-offload']],
    [{ nkvo: true }, ['-nkvo']],
    [{ mmproj_auto: false }, ['--no-mmproj-auto']],
    [{ no_host: true }, ['--no-host']],
    [{ no_host: false }, []],
  ])('turns switches on and off: %j', (options, expected) => {
    expect(optionArguments(options, catalogue)).toEqual(expected);
  });

  it('writes on/off or 1/0 for a flag that takes them', () => {
    expect(optionArguments({ flash_attn: true }, catalogue)).toEqual(['--flash-attn', 'on']);
    expect(optionArguments({ flash_attn: false }, catalogue)).toEqual(['--flash-attn', 'off']);
    expect(optionArguments({ no_flash_attn: true }, catalogue)).toEqual(['--flash-attn', 'off']);
    expect(optionArguments({ cpu_strict: true }, catalogue)).toEqual(['--cpu-strict', '1']);
  });

  it('joins a list for a flag that takes lists, otherwise repeats the flag', () => {
    expect(optionArguments({ tensor_split: [3, 1] }, catalogue)).toEqual(['--tensor-split', '3,1']);
    expect(optionArguments({ samplers: ['top_k', 'temperature'] }, catalogue)).toEqual([
      '--samplers',
      'top_k;temperature',
    ]);
    expect(optionArguments({ logit_bias: ['1+1', '2-1'] }, catalogue)).toEqual([
      '--logit-bias',
      '1+1',
      '--logit-bias',
      '2-1',
    ]);
    expect(optionArguments({ control_vector_layer_range: [1, 20] }, catalogue)).toEqual([
      '--control-vector-layer-range',
      '1',
      '20',
    ]);
  });

  it('works without a catalogue', () => {
    expect(optionArguments({ context_size: 8, perf: true, x: 1, a_b: [1, 2], no_c: true }, null)).toEqual([
      '--ctx-size',
      '8',
      '--perf',
      '-x',
      '1',
      '--a-b',
      '1',
      '--a-b',
      '2',
      '--no-c',
    ]);
    expect(optionArguments({ kv_offload: false, no_host: false }, null)).toEqual(['--no-kv-offload']);
  });

  it('never turns an unguarded option into a reserved flag', () => {
    for (const value of [true, false, 1, 'x', ['x']]) {
      for (const known of [catalogue, null]) {
        expect(optionArguments({ no_host: value }, known)).not.toContain('--host');
      }
    }
  });
});

describe('plainNumber', () => {
  it('writes no exponent', () => {
    expect([1e21, 1e-7, -2.5e-8, 1.25e22, 0, -0, 42, 0.1].map(plainNumber)).toEqual([
      '1000000000000000000000',
      '0.0000001',
      '-0.000000025',
      '12500000000000000000000',
      '0',
      '0',
      '42',
      '0.1',
    ]);
  });

  it('parses as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(plainNumber(value)).toMatch(/^-?\d+(\.\d+)?$/);
        expect(Number(plainNumber(value)) === value).toBe(true);
      }),
    );
  });
});

describe('withoutTwins', () => {
  it('lets a new spelling replace the stored one', () => {
    const stored = { context_size: 1, threads: 2, n_gpu_layers: 3 };
    expect(withoutTwins(stored, ['ctx_size', 'ngl'], catalogue)).toEqual({ threads: 2 });
  });

  it('lets the opposite replace the stored option', () => {
    expect(withoutTwins({ kv_offload: true }, ['no_kv_offload'], catalogue)).toEqual({});
  });

  it('keeps the same spelling, whose value the update replaces', () => {
    expect(withoutTwins({ ctx_size: 1, threads: 2 }, ['ctx_size'], catalogue)).toEqual({ ctx_size: 1, threads: 2 });
  });

  it("accepts the seed's names without a catalogue", () => {
    expect(withoutTwins({ context_size: 1, gpu_layers: 2, keep: 3 }, ['ctx_size', 'n_gpu_layers'], null)).toEqual({
      keep: 3,
    });
  });
});
